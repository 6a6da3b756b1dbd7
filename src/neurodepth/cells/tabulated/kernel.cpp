// Integration of one cell whose mechanisms are given as tables: see docs/simulator.md for the equations.
//
// The channels of a segment lie side by side in lanes of eight doubles, so that one row of a table, the one of the
// segment's voltage, advances all of its gates in a few vector instructions. Units: mV, ms, uS, nA, nF, mM.

#include <cstdint>
#include <cstring>

namespace {

constexpr int LANES = 8;
typedef double Lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef double Half __attribute__((vector_size(LANES / 2 * sizeof(double))));
typedef double Quarter __attribute__((vector_size(LANES / 4 * sizeof(double))));

// Segments with the same mechanisms. Mirrors kernel.Group in Python.
struct Group {
    int64_t n_segments;
    int64_t n_blocks;         // blocks of eight channels
    int64_t n_factors;        // gates that a channel's conductance is a product of
    int64_t has_synapses;
    int64_t has_calcium;
    const int64_t* node;      // (segments)
    const double* table;      // (voltages, factors * blocks * 2 + synapses, lanes): decay, gain ...; synaptic current
    const double* power;      // (factors, blocks, 3, lanes): 1 where a gate's power is at least 2, 3, 4
    const double* calcium_lanes;   // (blocks, lanes): 1 where a channel carries calcium
    const double* calcium_table;   // (calcium, 3, lanes): decay, gain of the first block; reversal potential in lane 0
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
    int64_t nexus;
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
    int64_t calcium_rows;
    const int64_t* parent;         // (nodes), smaller than the node itself
    const double* axial;           // (nodes): conductance to the parent
    const double* diagonal;        // (nodes): capacitance over the step, leak and axial conductances
    const double* capacitance;     // (nodes): over the step
    const double* source;          // (nodes): leak conductance times its reversal
    Group* groups;
    const double* synapse_decay;   // (lanes)
    const double* jumps;           // (kinds, lanes): what an event adds
    const int64_t* event_step;     // (events), sorted
    double** event_state;          // (events): the synapse's segment
    const int64_t* event_kind;     // (events)
    const double* event_weight;    // (events)
    const int64_t* recorded;       // (recorded): nodes whose voltage is kept
    double* voltage;               // (nodes), the state
    double* work;                  // (3, nodes)
    double* soma_voltage;          // (ms)
    double* nexus_voltage;         // (ms)
    float* recorded_voltage;       // (ms, recorded)
    double* spike_time;            // (steps)
    int64_t n_spikes;
    int64_t failed_node;
};

inline double sum(Lanes x) {
    Half half[2];
    std::memcpy(half, &x, sizeof x);
    const Half four = half[0] + half[1];
    Quarter quarter[2];
    std::memcpy(quarter, &four, sizeof four);
    const Quarter two = quarter[0] + quarter[1];
    return two[0] + two[1];
}

inline Lanes at(const double* address) {
    Lanes x;
    std::memcpy(&x, address, sizeof x);
    return x;
}

inline void put(double* address, Lanes x) { std::memcpy(address, &x, sizeof x); }

inline Lanes between(const double* row, const double* next, double fraction) {
    return at(row) + fraction * (at(next) - at(row));
}

// Advance the states of a group's segments to the present voltage, and add their currents to the matrix.
template <int BLOCKS, int FACTORS, bool SYNAPSES, bool CALCIUM>
void membrane(const Plan& plan, Group& group, bool is_start, double* diagonal, double* rhs) {
    constexpr int WIDTH = LANES * (FACTORS * BLOCKS * 2 + (SYNAPSES ? 1 : 0));
    const double* previous = plan.work + 2 * plan.n_nodes;
    const Lanes synapse_decay = at(plan.synapse_decay);
    for (int64_t segment = 0; segment < group.n_segments; ++segment) {
        const int64_t node = group.node[segment];
        const double v = plan.voltage[node];
        const double position = (v - plan.lowest_mv) * plan.rows_per_mv;
        const int64_t number = static_cast<int64_t>(position);
        const double fraction = position - number;
        const double* row = group.table + number * WIDTH;
        const double* next = row + WIDTH;
        double* gate = group.gate + segment * (FACTORS * BLOCKS * LANES);
        Lanes x[FACTORS * BLOCKS];
        for (int i = 0; i < FACTORS * BLOCKS; ++i) {
            x[i] = at(gate + i * LANES);
            if (!is_start) {
                x[i] = between(row + 2 * i * LANES, next + 2 * i * LANES, fraction) * x[i] +
                       between(row + (2 * i + 1) * LANES, next + (2 * i + 1) * LANES, fraction);
            }
        }
        double calcium_reversal = 0;
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
            int64_t bits;
            std::memcpy(&bits, &calcium, sizeof bits);
            int64_t calcium_number = (bits >> plan.calcium_shift) - plan.calcium_first;
            double calcium_fraction =
                (bits & ((int64_t{1} << plan.calcium_shift) - 1)) * (1.0 / (int64_t{1} << plan.calcium_shift));
            if (calcium_number < 0) {
                calcium_number = 0;
                calcium_fraction = 0;
            } else if (calcium_number > plan.calcium_rows - 2) {
                calcium_number = plan.calcium_rows - 2;
                calcium_fraction = 1;
            }
            const double* calcium_row = group.calcium_table + calcium_number * 3 * LANES;
            const double* calcium_next = calcium_row + 3 * LANES;
            if (!is_start) {
                x[0] = between(calcium_row, calcium_next, calcium_fraction) * x[0] +
                       between(calcium_row + LANES, calcium_next + LANES, calcium_fraction);
            }
            calcium_reversal = calcium_row[2 * LANES] +
                               calcium_fraction * (calcium_next[2 * LANES] - calcium_row[2 * LANES]);
            group.calcium_reversal[segment] = calcium_reversal;
        }
        Lanes total = {}, driven = {}, calcium_total = {};
        for (int block = 0; block < BLOCKS; ++block) {
            Lanes open = at(group.conductance + (segment * BLOCKS + block) * LANES);
            for (int factor = 0; factor < FACTORS; ++factor) {
                const Lanes y = x[factor * BLOCKS + block];
                put(gate + (factor * BLOCKS + block) * LANES, y);
                open *= y;
                for (int extra = 0; extra < 3; ++extra) {
                    const Lanes has = at(group.power + ((factor * BLOCKS + block) * 3 + extra) * LANES);
                    open *= has * (y - 1.0) + 1.0;
                }
            }
            total += open;
            driven += open * at(group.reversal + (segment * BLOCKS + block) * LANES);
            if (CALCIUM) calcium_total += open * at(group.calcium_lanes + block * LANES);
        }
        if (SYNAPSES) {
            double* state = group.synapse + segment * LANES;
            const Lanes released = at(state) * synapse_decay;
            put(state, released);
            const double* current_row = row + 2 * FACTORS * BLOCKS * LANES;
            const Lanes rise = at(current_row + WIDTH) - at(current_row);
            const Lanes slope = rise * plan.rows_per_mv;
            total += released * slope;
            driven += released * (slope * v - (at(current_row) + fraction * rise));
        }
        double inward = sum(driven);
        if (CALCIUM) {
            const double conductance = sum(calcium_total);
            group.calcium_conductance[segment] = conductance;
            inward += conductance * calcium_reversal;
        }
        diagonal[node] = plan.diagonal[node] + sum(total);
        rhs[node] = plan.source[node] + plan.capacitance[node] * v + inward;
    }
}

template <int BLOCKS, int FACTORS>
void choose(const Plan& plan, Group& group, bool is_start, double* diagonal, double* rhs) {
    if (group.has_synapses && group.has_calcium) {
        membrane<BLOCKS, FACTORS, true, true>(plan, group, is_start, diagonal, rhs);
    } else if (group.has_synapses) {
        membrane<BLOCKS, FACTORS, true, false>(plan, group, is_start, diagonal, rhs);
    } else if (group.has_calcium) {
        membrane<BLOCKS, FACTORS, false, true>(plan, group, is_start, diagonal, rhs);
    } else {
        membrane<BLOCKS, FACTORS, false, false>(plan, group, is_start, diagonal, rhs);
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

}  // namespace

// 0: done; 1: a voltage left the table, or is not a number.
extern "C" int64_t integrate(Plan* given) {
    Plan& plan = *given;
    double* voltage = plan.voltage;
    double* diagonal = plan.work;
    double* rhs = plan.work + plan.n_nodes;
    double* previous = plan.work + 2 * plan.n_nodes;
    int64_t event = 0;
    plan.n_spikes = 0;
    for (int64_t step = 0; step < plan.n_steps; ++step) {
        if (step % plan.steps_per_ms == 0) {
            const int64_t ms = step / plan.steps_per_ms;
            plan.soma_voltage[ms] = voltage[plan.soma];
            plan.nexus_voltage[ms] = voltage[plan.nexus];
            for (int64_t i = 0; i < plan.n_recorded; ++i) {
                plan.recorded_voltage[ms * plan.n_recorded + i] = static_cast<float>(voltage[plan.recorded[i]]);
            }
        }
        for (; event < plan.n_events && plan.event_step[event] == step; ++event) {
            double* state = plan.event_state[event];
            put(state, at(state) + plan.event_weight[event] * at(plan.jumps + plan.event_kind[event] * LANES));
        }
        std::memcpy(diagonal, plan.diagonal, plan.n_nodes * sizeof(double));
        std::memcpy(rhs, plan.source, plan.n_nodes * sizeof(double));
        for (int64_t i = 0; i < plan.n_groups; ++i) {
            Group& group = plan.groups[i];
            if (group.n_blocks == 1 && group.n_factors == 1) {
                choose<1, 1>(plan, group, step == 0, diagonal, rhs);
            } else if (group.n_blocks == 1) {
                choose<1, 2>(plan, group, step == 0, diagonal, rhs);
            } else {
                choose<2, 2>(plan, group, step == 0, diagonal, rhs);
            }
        }
        solve(plan, diagonal, rhs);
        for (int64_t node = 0; node < plan.n_nodes; ++node) {
            previous[node] = voltage[node];
            voltage[node] = plan.second_order ? 2 * rhs[node] - voltage[node] : rhs[node];
        }
        for (int64_t node = 0; node < plan.n_nodes; ++node) {
            if (!(voltage[node] > plan.lowest_mv && voltage[node] < plan.highest_mv)) {
                plan.failed_node = node;
                plan.n_steps = step + 1;
                return 1;
            }
        }
        const double before = previous[plan.soma] - plan.threshold_mv;
        const double after = voltage[plan.soma] - plan.threshold_mv;
        if (before <= 0 && after > 0) {
            plan.spike_time[plan.n_spikes++] = (step + before / (before - after)) * plan.step_ms;
        }
    }
    return 0;
}
