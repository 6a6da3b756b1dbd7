TITLE High-voltage-activated calcium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
ENDCOMMENT

NEURON {
    SUFFIX Ca_HVA
    USEION ca READ eca WRITE ica
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
    eca (mV)
    ica (mA/cm2)
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
    CONDUCTANCE gnow USEION ca
    SOLVE states METHOD cnexp
    gnow = gbar*m*m*h
    ica = gnow * (v - eca)
}

DERIVATIVE states {
    rates(v)
    m' = (m_inf - m) / tau_m
    h' = (h_inf - h) / tau_h
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.055 * 3.8 * linoid((-27 - v) / 3.8)
    b = 0.94 * exp((-75 - v) / 17)
    m_inf = a / (a + b)
    tau_m = 1 / (a + b)
    a = 0.000457 * exp((-13 - v) / 50)
    b = 0.0065 / (exp((-v - 15) / 28) + 1)
    h_inf = a / (a + b)
    tau_h = 1 / (a + b)
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
