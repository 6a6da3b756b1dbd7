TITLE Muscarinic potassium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, and Shai et al. 2015, PLoS Comput Biol 11:e1004090.
Time constants are divided by q = 2.3^((34 - 21)/10) = 2.952882641412121, a fixed factor.
ENDCOMMENT

NEURON {
    SUFFIX Im
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
    CONDUCTANCE gnow USEION k
    SOLVE states METHOD cnexp
    gnow = gbar*m
    ik = gnow * (v - ek)
}

DERIVATIVE states {
    rates(v)
    m' = (m_inf - m) / tau_m
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.0033 * exp(0.1 * (v + 35))
    b = 0.0033 * 0.0033 / a
    m_inf = a / (a + b)
    tau_m = 1 / ((a + b) * 2.952882641412121)
}
