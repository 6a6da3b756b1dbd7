TITLE Inhibitory synapse: one dual-exponential conductance (GABA_A; GABA_B by its parameters)

COMMENT
The conductance is a difference of two exponentials whose peak after one event is gmax.
Release is certain. The weight of an event scales it; 1 is one release.
ENDCOMMENT

NEURON {
    POINT_PROCESS Gaba
    NONSPECIFIC_CURRENT i
    RANGE gmax, rise, decay, e, g
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (nA) = (nanoamp)
    (uS) = (microsiemens)
}

PARAMETER {
    gmax = 0.001 (uS)
    rise = 0.2 (ms)
    decay = 8 (ms)
    e = -80 (mV)
}

ASSIGNED {
    v (mV)
    i (nA)
    g (uS)
    jump
}

STATE {
    a
    b
}

INITIAL {
    LOCAL t_peak
    t_peak = rise * decay / (decay - rise) * log(decay / rise)
    jump = 1 / (exp(-t_peak / decay) - exp(-t_peak / rise))
    a = 0
    b = 0
}

BREAKPOINT {
    CONDUCTANCE g
    SOLVE states METHOD cnexp
    g = gmax * (b - a)
    i = g * (v - e)
}

DERIVATIVE states {
    a' = -a / rise
    b' = -b / decay
}

NET_RECEIVE (weight) {
    a = a + weight * jump
    b = b + weight * jump
}
