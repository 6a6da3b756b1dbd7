// Integration of one cell whose mechanisms are given as tables: see docs/simulator.md for the equations.
//
// The channels of a segment lie side by side in lanes of eight doubles, so that one row of a table, the one of the
// segment's voltage, advances all of its gates in a few vector instructions. Units: mV, ms, uS, nA, nF, mM.

#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace {

// Takes denormal numbers for zero while it lives. A synapse that no event reaches decays into them within 0.2 s, and stays
// there; Intel's processors then need a hundred cycles for each multiplication.
class DenormalsAreZero {
public:
#if defined(__SSE2__)
    DenormalsAreZero() : mode(_mm_getcsr()) { _mm_setcsr(mode | 0x8040); }  // flush to zero, denormals are zero
    ~DenormalsAreZero() { _mm_setcsr(mode); }

private:
    unsigned mode;
#elif defined(__aarch64__)
    DenormalsAreZero() {
        asm volatile("mrs %0, fpcr" : "=r"(mode));
        asm volatile("msr fpcr, %0" : : "r"(mode | (uint64_t{1} << 24)));
    }
    ~DenormalsAreZero() { asm volatile("msr fpcr, %0" : : "r"(mode)); }

private:
    uint64_t mode;
#endif
};

constexpr int LANES = 8;
typedef double Pair __attribute__((vector_size(2 * sizeof(double))));
#if defined(__AVX512F__)
constexpr int WIDTH_OF_PROCESSOR = 8;
#elif defined(__AVX__)
constexpr int WIDTH_OF_PROCESSOR = 4;
#else
constexpr int WIDTH_OF_PROCESSOR = 2;
#endif
constexpr int PARTS = LANES / WIDTH_OF_PROCESSOR;
typedef double Part __attribute__((vector_size(WIDTH_OF_PROCESSOR * sizeof(double))));
typedef double Unaligned __attribute__((vector_size(WIDTH_OF_PROCESSOR * sizeof(double)), aligned(8), may_alias));

// Eight doubles, in vectors as wide as the processor's own: compilers split wider ones badly.
struct Lanes {
    Part part[PARTS];
};

#define LANEWISE(OPERATOR)                                                                 \
    inline Lanes operator OPERATOR(Lanes x, Lanes y) {                                     \
        for (int i = 0; i < PARTS; ++i) x.part[i] = x.part[i] OPERATOR y.part[i];          \
        return x;                                                                          \
    }                                                                                      \
    inline Lanes operator OPERATOR(Lanes x, double y) {                                    \
        for (int i = 0; i < PARTS; ++i) x.part[i] = x.part[i] OPERATOR y;                  \
        return x;                                                                          \
    }
LANEWISE(+)
LANEWISE(-)
LANEWISE(*)
#undef LANEWISE

// Segments with the same mechanisms. Mirrors kernel.Group in Python.
struct Group {
    int64_t n_segments;
    int64_t n_blocks;         // blocks of eight channels
    int64_t n_factors;        // gates that a channel's conductance is a product of
    int64_t has_synapses;
    int64_t has_calcium;
    int64_t opened_by_calcium;     // whether calcium opens the first gate in lane 0
    int64_t extra_powers[2];       // of each factor: the largest power of a gate, less 1
    const double* table;      // (voltages, factors * blocks * 2 + synapses, lanes): decay, gain ...; synaptic current
    const int64_t* node;           // (segments)
    const double* power;           // (factors, blocks, 3, lanes): 1 where a gate's power is at least 2, 3, 4
    const double* calcium_lanes;   // (blocks, lanes): 1 where a channel carries calcium
    const double* calcium_table;   // (calcium, 2, 3): reversal potential; decay and gain of the gate that calcium opens
    const double* calcium_decay;   // (segments), and so on
    const double* calcium_source;
    const double* calcium_gain;
    const double* conductance;     // (segments, blocks, lanes)
    const double* reversal;        // (segments, blocks, lanes)
    double* gate;                  // (segments, factors, blocks, lanes)
    double* synapse;               // (segments, lanes)
    double* calcium;               // (segments)
    double* calcium_conductance;   // (segments)
    double* calcium_reversal;      // (segments)
};

// Mirrors kernel.Plan in Python.
struct Plan {
    int64_t n_nodes;
    int64_t n_groups;
    int64_t n_steps;
    int64_t steps_per_ms;
    int64_t soma;
    int64_t n_recorded;
    int64_t n_events;
    int64_t second_order;
    double step_ms;
    double threshold_mv;
    double lowest_mv;
    double highest_mv;
    double rows_per_mv;
    int64_t calcium_shift;         // bits of a double below those that number a row of a calcium table
    int64_t calcium_first;         // number of the first row before it is taken off
    int64_t calcium_mask;
    double calcium_unit;
    double lowest_calcium;
    double highest_calcium;
    const int64_t* parent;         // (nodes), smaller than the node itself
    const double* axial;           // (nodes): conductance to the parent
    const double* diagonal;        // (nodes): capacitance over the step, leak and axial conductances
    const double* capacitance;     // (nodes): over the step
    const double* source;          // (nodes): leak conductance times its reversal
    Group* groups;
    const double* synapse_decay;   // (lanes)
    const double* jumps;           // (kinds, lanes): what an event adds
    const int64_t* event_step;     // (events), sorted
    double** event_state;          // (events): synaptic states of the segment that it reaches
    const int64_t* event_kind;     // (events)
    const double* event_weight;    // (events): factor on the jumps
    const double** recorded;       // (recorded): states that are kept at the start of every ms
    double* voltage;               // (nodes)
    double* work;                  // (3, nodes)
    float* recording;              // (ms, recorded)
    double* spike_time;            // (steps / 2 + 1)
    int64_t n_spikes;
    int64_t failed_node;
};

inline Lanes at(const double* address) {
    Lanes x;
    for (int i = 0; i < PARTS; ++i) x.part[i] = reinterpret_cast<const Unaligned*>(address)[i];
    return x;
}

inline void put(double* address, Lanes x) {
    for (int i = 0; i < PARTS; ++i) reinterpret_cast<Unaligned*>(address)[i] = x.part[i];
}

// Between a row of a table and the next. Storing differences as well would save an instruction, and cost half the cache.
template <int WIDTH>
inline Lanes between(const double* row, double fraction) {
    const Lanes low = at(row);
    return low + (at(row + WIDTH) - low) * fraction;
}

// Sums over the lanes of two vectors, in the same order on every processor: 0+4, 1+5, 2+6, 3+7, then neighbours.
inline Pair sums(Lanes x, Lanes y) {
#if !defined(__clang__) && __GNUC__ < 12  // no __builtin_shufflevector
    double a[LANES], b[LANES];
    put(a, x);
    put(b, y);
    return Pair{((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7])),
                ((b[0] + b[4]) + (b[1] + b[5])) + ((b[2] + b[6]) + (b[3] + b[7]))};
#elif defined(__AVX__)
#if defined(__AVX512F__)
    const auto a = __builtin_shufflevector(x.part[0], x.part[0], 0, 1, 2, 3) +
                   __builtin_shufflevector(x.part[0], x.part[0], 4, 5, 6, 7);
    const auto b = __builtin_shufflevector(y.part[0], y.part[0], 0, 1, 2, 3) +
                   __builtin_shufflevector(y.part[0], y.part[0], 4, 5, 6, 7);
#else
    const auto a = x.part[0] + x.part[1], b = y.part[0] + y.part[1];
#endif
    const auto both = __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);
    return __builtin_shufflevector(both, both, 0, 1) + __builtin_shufflevector(both, both, 2, 3);
#else
    const Pair a = x.part[0] + x.part[2], b = y.part[0] + y.part[2];
    const Pair c = x.part[1] + x.part[3], d = y.part[1] + y.part[3];
    return (__builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3)) +
           (__builtin_shufflevector(c, d, 0, 2) + __builtin_shufflevector(c, d, 1, 3));
#endif
}

// Advance the states of a group's segments to the present voltage, and add their currents to the matrix.
template <int BLOCKS, int FACTORS, bool SYNAPSES, bool CALCIUM>
void membrane(const Plan plan, const Group group, bool is_start) {  // by value: no store can alias them
    constexpr int GATES = FACTORS * BLOCKS;
    constexpr int WIDTH = LANES * (GATES * 2 + (SYNAPSES ? 1 : 0));
    constexpr double ONE[LANES] = {1};
    const Lanes first = at(ONE);
    double* diagonal = plan.work;
    double* rhs = plan.work + plan.n_nodes;
    const double* previous = plan.work + 2 * plan.n_nodes;
    const Lanes synapse_decay = at(plan.synapse_decay);
    for (int64_t segment = 0; segment < group.n_segments; ++segment) {
        const int64_t node = group.node[segment];
        const double v = plan.voltage[node];
        const double position = (v - plan.lowest_mv) * plan.rows_per_mv;
        const int64_t number = static_cast<int64_t>(position);
        const double fraction = position - number;
        const double* row = group.table + number * WIDTH;
        double* gate = group.gate + segment * (GATES * LANES);
        Lanes x[GATES];
        for (int i = 0; i < GATES; ++i) {
            x[i] = at(gate + i * LANES);
            if (!is_start) {
                x[i] = between<WIDTH>(row + 2 * i * LANES, fraction) * x[i] +
                       between<WIDTH>(row + (2 * i + 1) * LANES, fraction);
            }
        }
        double reversal = 0;  // of calcium
        if (CALCIUM) {
            double calcium = group.calcium[segment];
            if (!is_start) {
                const double middle = plan.second_order ? 0.5 * (v + previous[node]) : previous[node];
                const double current =
                    group.calcium_conductance[segment] * (middle - group.calcium_reversal[segment]);
                calcium = group.calcium_decay[segment] * calcium + group.calcium_source[segment] +
                          group.calcium_gain[segment] * current;
                group.calcium[segment] = calcium;
            }
            const double limited = calcium > plan.highest_calcium  ? plan.highest_calcium
                                   : calcium > plan.lowest_calcium ? calcium
                                                                   : plan.lowest_calcium;
            int64_t bits;
            std::memcpy(&bits, &limited, sizeof bits);
            const double* calcium_row = group.calcium_table + ((bits >> plan.calcium_shift) - plan.calcium_first) * 6;
            const double calcium_fraction = (bits & plan.calcium_mask) * plan.calcium_unit;
            reversal = calcium_row[0] + calcium_fraction * calcium_row[3];
            group.calcium_reversal[segment] = reversal;
            if (!is_start && group.opened_by_calcium) {
                const double opened = (calcium_row[1] + calcium_fraction * calcium_row[4]) * gate[0] +
                                      (calcium_row[2] + calcium_fraction * calcium_row[5]);
                x[0] = x[0] - x[0] * first + first * opened;
            }
        }
        Lanes total = {}, driven = {}, calcium_total = {};
        for (int block = 0; block < BLOCKS; ++block) {
            Lanes open = at(group.conductance + (segment * BLOCKS + block) * LANES);
            for (int factor = 0; factor < FACTORS; ++factor) {
                const int i = factor * BLOCKS + block;
                put(gate + i * LANES, x[i]);
                open = open * x[i];
                for (int64_t extra = 0; extra < group.extra_powers[factor]; ++extra) {
                    open = open * (at(group.power + (i * 3 + extra) * LANES) * (x[i] - 1.0) + 1.0);
                }
            }
            total = total + open;
            driven = driven + open * at(group.reversal + (segment * BLOCKS + block) * LANES);
            if (CALCIUM) calcium_total = calcium_total + open * at(group.calcium_lanes + block * LANES);
        }
        if (SYNAPSES) {
            double* state = group.synapse + segment * LANES;
            const Lanes released = at(state) * synapse_decay;
            put(state, released);
            const double* current = row + 2 * GATES * LANES;
            const Lanes slope = (at(current + WIDTH) - at(current)) * plan.rows_per_mv;
            total = total + released * slope;
            driven = driven + released * (slope * v - between<WIDTH>(current, fraction));
        }
        const Pair added = sums(total, driven);
        double inward = added[1];
        if (CALCIUM) {
            const double conductance = sums(calcium_total, calcium_total)[0];
            group.calcium_conductance[segment] = conductance;
            inward += conductance * reversal;
        }
        diagonal[node] = plan.diagonal[node] + added[0];
        rhs[node] = plan.source[node] + plan.capacitance[node] * v + inward;
    }
}

template <int BLOCKS, int FACTORS>
void choose(const Plan& plan, Group& group, bool is_start) {
    if (group.has_synapses && group.has_calcium) {
        membrane<BLOCKS, FACTORS, true, true>(plan, group, is_start);
    } else if (group.has_synapses) {
        membrane<BLOCKS, FACTORS, true, false>(plan, group, is_start);
    } else if (group.has_calcium) {
        membrane<BLOCKS, FACTORS, false, true>(plan, group, is_start);
    } else {
        membrane<BLOCKS, FACTORS, false, false>(plan, group, is_start);
    }
}

// Hines' elimination; the nodes are sorted by their distance from the root, so that neighbours do not wait for each other.
void solve(const Plan& plan, double* diagonal, double* rhs) {
    const int64_t* parent = plan.parent;
    const double* axial = plan.axial;
    for (int64_t node = plan.n_nodes - 1; node > 0; --node) {
        const double inverse = 1 / diagonal[node];
        const double factor = axial[node] * inverse;
        diagonal[node] = factor;
        rhs[node] *= inverse;
        diagonal[parent[node]] -= factor * axial[node];
        rhs[parent[node]] += axial[node] * rhs[node];
    }
    rhs[0] /= diagonal[0];
    for (int64_t node = 1; node < plan.n_nodes; ++node) {
        rhs[node] += diagonal[node] * rhs[parent[node]];
    }
}

// False as well where the voltage is not a number.
inline bool is_tabulated(const Plan& plan, double voltage) {
    return (voltage > plan.lowest_mv) & (voltage < plan.highest_mv);
}

}  // namespace

// 0: done; 1: a voltage left the table, or is not a number.
extern "C" int64_t integrate(Plan* given) {
    const DenormalsAreZero while_integrating;
    Plan& plan = *given;
    double* voltage = plan.voltage;
    double* diagonal = plan.work;
    double* rhs = plan.work + plan.n_nodes;
    double* previous = plan.work + 2 * plan.n_nodes;
    int64_t event = 0;
    plan.n_spikes = 0;
    for (int64_t step = 0; step < plan.n_steps; ++step) {
        if (step % plan.steps_per_ms == 0) {
            float* sample = plan.recording + step / plan.steps_per_ms * plan.n_recorded;
            for (int64_t i = 0; i < plan.n_recorded; ++i) sample[i] = static_cast<float>(*plan.recorded[i]);
        }
        for (; event < plan.n_events && plan.event_step[event] == step; ++event) {
            double* state = plan.event_state[event];
            put(state, at(state) + at(plan.jumps + plan.event_kind[event] * LANES) * plan.event_weight[event]);
        }
        std::memcpy(diagonal, plan.diagonal, plan.n_nodes * sizeof(double));
        std::memcpy(rhs, plan.source, plan.n_nodes * sizeof(double));
        for (int64_t i = 0; i < plan.n_groups; ++i) {
            Group& group = plan.groups[i];
            if (group.n_blocks == 1 && group.n_factors == 1) {
                choose<1, 1>(plan, group, step == 0);
            } else if (group.n_blocks == 1) {
                choose<1, 2>(plan, group, step == 0);
            } else {
                choose<2, 2>(plan, group, step == 0);
            }
        }
        solve(plan, diagonal, rhs);
        bool is_inside = true;
        for (int64_t node = 0; node < plan.n_nodes; ++node) {
            previous[node] = voltage[node];
            voltage[node] = plan.second_order ? 2 * rhs[node] - voltage[node] : rhs[node];
            is_inside &= is_tabulated(plan, voltage[node]);
        }
        if (!is_inside) {
            plan.failed_node = 0;
            while (is_tabulated(plan, voltage[plan.failed_node])) ++plan.failed_node;
            plan.n_steps = step + 1;
            return 1;
        }
        const double before = previous[plan.soma] - plan.threshold_mv;
        const double after = voltage[plan.soma] - plan.threshold_mv;
        if (before <= 0 && after > 0) {
            plan.spike_time[plan.n_spikes++] = (step + before / (before - after)) * plan.step_ms;
        }
    }
    return 0;
}
