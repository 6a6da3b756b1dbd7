TITLE Hyperpolarisation-activated cation current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
vshift moves both rates along the voltage axis, for ablations.
ENDCOMMENT

NEURON {
    SUFFIX Ih
    NONSPECIFIC_CURRENT ih
    RANGE gbar, vshift
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
    vshift = 0 (mV)
}

ASSIGNED {
    v (mV)
    ih (mA/cm2)
    m_inf
    tau_m (ms)
}

STATE {
    m
}

INITIAL {
    rates(v)
    m = m_inf
}

BREAKPOINT {
    LOCAL gnow
    CONDUCTANCE gnow
    SOLVE states METHOD cnexp
    gnow = gbar*m
    ih = gnow * (v + 45)
}

DERIVATIVE states {
    rates(v)
    m' = (m_inf - m) / tau_m
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.00643 * 11.9 * linoid((v - vshift + 154.9) / 11.9)
    b = 0.193 * exp((v - vshift) / 33.1)
    m_inf = a / (a + b)
    tau_m = 1 / (a + b)
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
