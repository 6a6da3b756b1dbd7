TITLE Small-conductance calcium-activated potassium current

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107.
ENDCOMMENT

NEURON {
    SUFFIX SK
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gbar
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (mM) = (milli/liter)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    cai (mM)
    z_inf
}

STATE {
    z
}

INITIAL {
    rates(cai)
    z = z_inf
}

BREAKPOINT {
    LOCAL gnow
    CONDUCTANCE gnow USEION k
    SOLVE states METHOD cnexp
    gnow = gbar*z
    ik = gnow * (v - ek)
}

DERIVATIVE states {
    rates(cai)
    z' = (z_inf - z) / 1  : time constant 1 ms
}

PROCEDURE rates(ca (mM)) {
    LOCAL c
    c = ca
    if (c < 1e-7) {
        c = 1e-7
    }
    z_inf = 1 / (1 + exp(4.8 * log(0.00043 / c)))
}
