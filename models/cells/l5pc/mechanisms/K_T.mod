TITLE Fast inactivating potassium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
Time constants are divided by q = 2.3^((34 - 21)/10) = 2.952882641412121, a fixed factor.
ENDCOMMENT

NEURON {
    SUFFIX K_T
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
    gnow = gbar*m*m*m*m*h
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
    m_inf = 1 / (1 + exp(-u / 19))
    tau_m = (0.34 + 0.92 * exp(-((u + 71) / 59) * ((u + 71) / 59))) / 2.952882641412121
    h_inf = 1 / (1 + exp((u + 66) / 10))
    tau_h = (8 + 49 * exp(-((u + 73) / 23) * ((u + 73) / 23))) / 2.952882641412121
}
