TITLE Persistent sodium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
Time constants are divided by q = 2.3^((34 - 21)/10) = 2.952882641412121, a fixed factor.
ENDCOMMENT

NEURON {
    SUFFIX Nap
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
    LOCAL a, b
    m_inf = 1 / (1 + exp(-(v + 52.6) / 4.6))
    a = 0.182 * 6 * linoid(-(v + 38) / 6)
    b = 0.124 * 6 * linoid((v + 38) / 6)
    tau_m = 6 / ((a + b) * 2.952882641412121)
    h_inf = 1 / (1 + exp((v + 48.8) / 10))
    a = 2.88e-6 * 4.63 * linoid((v + 17) / 4.63)
    b = 6.94e-6 * 2.63 * linoid(-(v + 64.4) / 2.63)
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
