TITLE Calcium in a thin shell under the membrane, with a single decay time

COMMENT
Equations: Hay et al. 2011, PLoS Comput Biol 7:e1002107, after Destexhe et al. 1994.
ENDCOMMENT

NEURON {
    SUFFIX CaPool
    USEION ca READ ica WRITE cai
    RANGE gamma, decay
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (um) = (micron)
    (mM) = (milli/liter)
    FARADAY = (faraday) (coulombs)
}

PARAMETER {
    gamma = 0.05  : fraction of the entering calcium that stays free
    decay = 80 (ms)
    depth = 0.1 (um)
    cai_rest = 1e-4 (mM)
    cai_start = 5e-5 (mM)  : NEURON's default for cai; the published runs start there, not at rest
}

ASSIGNED {
    ica (mA/cm2)
}

STATE {
    cai (mM)
}

INITIAL {
    cai = cai_start
}

BREAKPOINT {
    SOLVE states METHOD cnexp
}

DERIVATIVE states {
    cai' = -(1e4) * ica * gamma / (2 * FARADAY * depth) - (cai - cai_rest) / decay
}
