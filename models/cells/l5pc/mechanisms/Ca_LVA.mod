TITLE Low-voltage-activated calcium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
Time constants are divided by q = 2.3^((34 - 21)/10) = 2.952882641412121, a fixed factor.
ENDCOMMENT

NEURON {
    SUFFIX Ca_LVA
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
    LOCAL u
    u = v + 10
    m_inf = 1 / (1 + exp(-(u + 30) / 6))
    tau_m = (5 + 20 / (1 + exp((u + 25) / 5))) / 2.952882641412121
    h_inf = 1 / (1 + exp((u + 80) / 6.4))
    tau_h = (20 + 50 / (1 + exp((u + 40) / 7))) / 2.952882641412121
}
