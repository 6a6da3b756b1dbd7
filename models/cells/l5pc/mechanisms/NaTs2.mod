TITLE Transient sodium current of soma and dendrite

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
Time constants are divided by q = 2.3^((34 - 21)/10) = 2.952882641412121, a fixed factor.
ENDCOMMENT

NEURON {
    SUFFIX NaTs2
    USEION na READ ena WRITE ina
    RANGE gbar
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ina (mA/cm2)
    m_inf
    tau_m (ms)
    h_inf
    tau_h (ms)
}

STATE {
    m h
}

INITIAL {
    rates(v)
    m = m_inf
    h = h_inf
}

BREAKPOINT {
    LOCAL gnow
    CONDUCTANCE gnow USEION na
    SOLVE states METHOD cnexp
    gnow = gbar*m*m*m*h
    ina = gnow * (v - ena)
}

DERIVATIVE states {
    rates(v)
    m' = (m_inf - m) / tau_m
    h' = (h_inf - h) / tau_h
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b, x
    : With l(x) = x / (exp(x) - 1), the published rates are
    : m: a = 0.182 (v+32) / (1 - exp(-(v+32)/6)) = 0.182 * 6 l(-x), b = 0.124 * 6 l(x), x = (v+32)/6,
    : h: a = 0.015 * 6 l(x), b = 0.015 * 6 l(-x), x = (v+60)/6; and l(-x) = l(x) + x saves an exponential.
    x = (v + 32) / 6
    b = linoid(x)
    a = 0.182 * 6 * (b + x)
    b = 0.124 * 6 * b
    m_inf = a / (a + b)
    tau_m = 1 / ((a + b) * 2.952882641412121)
    x = (v + 60) / 6
    a = linoid(x)
    b = 0.015 * 6 * (a + x)
    a = 0.015 * 6 * a
    h_inf = a / (a + b)
    tau_h = 1 / ((a + b) * 2.952882641412121)
}

FUNCTION linoid(x) {
    : x / (exp(x) - 1), with its limit 1 at x = 0; written so that the loop vectorises
    LOCAL y
    y = x
    if (y > -1e-6 && y < 1e-6) {
        y = 1e-6
    }
    linoid = y / (exp(y) - 1)
}
