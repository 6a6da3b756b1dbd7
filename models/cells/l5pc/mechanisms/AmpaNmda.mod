TITLE Excitatory synapse: AMPA and NMDA conductances side by side

COMMENT
Each conductance is a difference of two exponentials whose peak after one event is its gmax.
NMDA block: 1 / (1 + exp(-0.08 v) mg / 3.57), Jahr & Stevens 1990, J Neurosci 10:3178, with the
slope of Rhodes & Llinas 2001 as used by Beniaguev et al. 2021.
Release is certain. The weight of an event scales both conductances; 1 is one release.
ENDCOMMENT

NEURON {
    POINT_PROCESS AmpaNmda
    NONSPECIFIC_CURRENT i
    RANGE ampa_gmax, nmda_gmax, ampa_rise, ampa_decay, nmda_rise, nmda_decay, e, mg, g_ampa, g_nmda
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (nA) = (nanoamp)
    (uS) = (microsiemens)
    (mM) = (milli/liter)
}

PARAMETER {
    ampa_gmax = 0.0004 (uS)
    nmda_gmax = 0.0004 (uS)
    ampa_rise = 0.3 (ms)
    ampa_decay = 3 (ms)
    nmda_rise = 2 (ms)
    nmda_decay = 70 (ms)
    e = 0 (mV)
    mg = 1 (mM)
}

ASSIGNED {
    v (mV)
    i (nA)
    g_ampa (uS)
    g_nmda (uS)
    ampa_jump
    nmda_jump
}

STATE {
    ampa_a
    ampa_b
    nmda_a
    nmda_b
}

INITIAL {
    ampa_jump = 1 / unit_peak(ampa_rise, ampa_decay)
    nmda_jump = 1 / unit_peak(nmda_rise, nmda_decay)
    ampa_a = 0
    ampa_b = 0
    nmda_a = 0
    nmda_b = 0
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    g_ampa = ampa_gmax * (ampa_b - ampa_a)
    g_nmda = nmda_gmax * (nmda_b - nmda_a) / (1 + exp(-0.08 * v) * (mg / 3.57))
    i = (g_ampa + g_nmda) * (v - e)
}

DERIVATIVE states {
    ampa_a' = -ampa_a / ampa_rise
    ampa_b' = -ampa_b / ampa_decay
    nmda_a' = -nmda_a / nmda_rise
    nmda_b' = -nmda_b / nmda_decay
}

NET_RECEIVE (weight) {
    ampa_a = ampa_a + weight * ampa_jump
    ampa_b = ampa_b + weight * ampa_jump
    nmda_a = nmda_a + weight * nmda_jump
    nmda_b = nmda_b + weight * nmda_jump
}

FUNCTION unit_peak(rise (ms), decay (ms)) {
    : largest value of exp(-t/decay) - exp(-t/rise)
    LOCAL t_peak
    t_peak = rise * decay / (decay - rise) * log(decay / rise)
    unit_peak = exp(-t_peak / decay) - exp(-t_peak / rise)
}
