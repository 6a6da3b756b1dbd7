TITLE Slowly inactivating potassium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
Time constants are divided by q = 2.3^((34 - 21)/10) = 2.952882641412121, a fixed factor.
ENDCOMMENT

NEURON {
    SUFFIX K_P
    USEION k READ ek WRITE ik
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
    ek (mV)
    ik (mA/cm2)
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
    CONDUCTANCE gnow USEION k
    SOLVE states METHOD cnexp
    gnow = gbar*m*m*h
    ik = gnow * (v - ek)
}

DERIVATIVE states {
    rates(v)
    m' = (m_inf - m) / tau_m
    h' = (h_inf - h) / tau_h
}

PROCEDURE rates(v (mV)) {
    LOCAL u
    u = v + 10
    m_inf = 1 / (1 + exp(-(u + 1) / 12))
    if (u < -50) {
        tau_m = (1.25 + 175.03 * exp(0.026 * u)) / 2.952882641412121
    } else {
        tau_m = (1.25 + 13 * exp(-0.026 * u)) / 2.952882641412121
    }
    h_inf = 1 / (1 + exp((u + 54) / 11))
    tau_h = (360 + (1010 + 24 * (u + 55)) * exp(-((u + 75) / 48) * ((u + 75) / 48))) / 2.952882641412121
}
