TITLE Inhibitory synapse: GABA_A and GABA_B conductances side by side

COMMENT
Each conductance is a difference of two exponentials whose peak after one event is its gmax.
Release is certain. The weight of an event scales both conductances; 1 is one release.
ENDCOMMENT

NEURON {
    POINT_PROCESS GabaAB
    NONSPECIFIC_CURRENT i
    RANGE gmax, rise, decay, e, b_gmax, b_rise, b_decay, b_e, g, g_b
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
    b_gmax = 0.00001 (uS)
    b_rise = 3.5 (ms)
    b_decay = 260.9 (ms)
    b_e = -97 (mV)
}

ASSIGNED {
    v (mV)
    i (nA)
    g (uS)
    g_b (uS)
    a_jump
    b_jump
}

STATE {
    a_a
    a_b
    b_a
    b_b
}

INITIAL {
    a_jump = 1 / unit_peak(rise, decay)
    b_jump = 1 / unit_peak(b_rise, b_decay)
    a_a = 0
    a_b = 0
    b_a = 0
    b_b = 0
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    g = gmax * (a_b - a_a)
    g_b = b_gmax * (b_b - b_a)
    i = g * (v - e) + g_b * (v - b_e)
}

DERIVATIVE states {
    a_a' = -a_a / rise
    a_b' = -a_b / decay
    b_a' = -b_a / b_rise
    b_b' = -b_b / b_decay
}

NET_RECEIVE (weight) {
    a_a = a_a + weight * a_jump
    a_b = a_b + weight * a_jump
    b_a = b_a + weight * b_jump
    b_b = b_b + weight * b_jump
}

FUNCTION unit_peak(rise (ms), decay (ms)) {
    : largest value of exp(-t/decay) - exp(-t/rise)
    LOCAL t_peak
    t_peak = rise * decay / (decay - rise) * log(decay / rise)
    unit_peak = exp(-t_peak / decay) - exp(-t_peak / rise)
}
