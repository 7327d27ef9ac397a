package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"utile/internal/classify"
)

// example is what the model learns from: the statements about a column, and which answers are right.
type example struct {
	features []uint32
	strong   int      // of them; the others count less
	codes    []string // acceptable, best first
	person   float64  // 1 about a person, 0 about none, negative where the label does not say
	weight   float64
}

// options of one training.
type options struct {
	epochs  int
	rate    float64
	decay   float64 // pull of weights towards nothing
	drop    float64 // share of statements hidden at each look, so that no single one is leant on
	first   float64 // how much the first code counts before all acceptable ones together
	careful float64 // weight of persons in the question whether a field is about one
	calm    float64 // holds back the first steps of a weight, which know least
	letters float64 // how much letters count beside words
	seed    uint64
	rare    int // statements seen in fewer examples are left out
}

var defaultOptions = options{epochs: 7, rate: 0.12, decay: 1e-2, drop: 0.5, first: 0.2, careful: 1.5, calm: 1, letters: 0.4, seed: 1, rare: 2}

// learner holds the weights while they move. A code shares the weights of its ancestors: what is learnt of one kind of
// amount helps all of them. The question about persons is one more output.
type learner struct {
	options
	codes   []string
	nodes   [][]int // of each code: itself and its ancestors, as outputs
	outputs int
	index   map[uint32]int
	letter  map[uint32]bool // which statements are about letters
	weights []float32       // by feature, then output
	squares []float32       // sums of squared gradients, for the size of steps

	mean       []float32
	remembered int

	// Room for one step.
	uses          []use
	moves         []int
	scores        []float32
	probabilities []float64
	slopes        []float32
}

// learn trains a model. It is deterministic: the same examples in the same order make the same model.
func learn(examples []example, o options) *classify.Model {
	l := newLearner(examples, o)
	random := rand.New(rand.NewPCG(o.seed, 7))
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	for epoch := range o.epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := o.rate * (1 - 0.8*float64(epoch)/float64(o.epochs))
		for _, i := range order {
			l.step(&examples[i], rate, random)
		}
		if epoch >= o.epochs/2 {
			l.remember()
		}
	}
	l.settle()
	return l.model()
}

func newLearner(examples []example, o options) *learner {
	l := &learner{options: o, index: map[uint32]int{}, letter: map[uint32]bool{}}
	counts := map[uint32]int{}
	codes := map[string]bool{}
	for _, e := range examples {
		for k, f := range e.features {
			counts[f]++
			if k >= e.strong {
				l.letter[f] = true
			}
		}
		for _, c := range e.codes {
			codes[c] = true
		}
	}
	for _, e := range examples {
		for _, f := range e.features {
			if _, ok := l.index[f]; !ok && counts[f] >= o.rare {
				l.index[f] = len(l.index)
			}
		}
	}
	for c := range codes {
		l.codes = append(l.codes, c)
	}
	slices.Sort(l.codes)
	at := map[string]int{}
	for _, c := range l.codes {
		var list []int
		// Its own weights beside those that it shares with what is below it: a group is not likelier for its members.
		for _, name := range lineage(c) {
			if _, ok := at[name]; !ok {
				at[name] = len(at)
			}
			list = append(list, at[name])
		}
		l.nodes = append(l.nodes, list)
	}
	l.outputs = len(at) + 1
	l.scores, l.slopes = make([]float32, l.outputs), make([]float32, l.outputs)
	l.probabilities = make([]float64, len(l.codes))
	l.weights = make([]float32, len(l.index)*l.outputs)
	l.squares = make([]float32, len(l.index)*l.outputs)
	return l
}

// lineage is what a code shares weights with: itself alone, and all that is below it and each of its ancestors.
func lineage(code string) []string {
	list := []string{"=" + code}
	for name := code; name != ""; name = parent(name) {
		list = append(list, name)
	}
	return list
}

// remember adds the weights of now to their mean, which sways less than any of them.
func (l *learner) remember() {
	if l.mean == nil {
		l.mean = make([]float32, len(l.weights))
	}
	for i, w := range l.weights {
		l.mean[i] += w
	}
	l.remembered++
}

// settle puts the mean in the place of the weights.
func (l *learner) settle() {
	for i := range l.mean {
		l.weights[i] = l.mean[i] / float32(l.remembered)
	}
}

func parent(code string) string {
	i := strings.LastIndexByte(code, '.')
	return code[:max(i, 0)]
}

// use is a statement at hand in one step.
type use struct {
	feature int
	value   float32
}

// step moves the weights a little towards one example.
func (l *learner) step(e *example, rate float64, random *rand.Rand) {
	l.uses = l.uses[:0]
	// What was hidden is made up for, so that scores are as large as with everything in sight.
	scale := float32(1 / (1 - l.drop))
	for k, f := range e.features {
		i, ok := l.index[f]
		if !ok || random.Float64() < l.drop {
			continue
		}
		value := scale
		if k >= e.strong {
			value *= float32(l.letters)
		}
		l.uses = append(l.uses, use{i, value})
	}
	clear(l.scores)
	for _, u := range l.uses {
		row := l.weights[u.feature*l.outputs:][:len(l.scores)]
		for o, w := range row {
			l.scores[o] += w * u.value
		}
	}
	gradient := l.gradient(e, l.scores)
	l.moves = l.moves[:0]
	for o, g := range gradient {
		if g > 1e-3 || g < -1e-3 {
			l.moves = append(l.moves, o)
		}
	}
	for _, u := range l.uses {
		weights, squares := l.weights[u.feature*l.outputs:][:l.outputs], l.squares[u.feature*l.outputs:][:l.outputs]
		for _, o := range l.moves {
			g := gradient[o]*u.value + float32(l.decay)*weights[o]
			squares[o] += g * g
			weights[o] -= float32(rate) * g / float32(math.Sqrt(float64(squares[o])+l.calm))
		}
	}
}

// gradient returns how wrong each output is.
func (l *learner) gradient(e *example, scores []float32) []float32 {
	probabilities := l.probabilities
	clear(probabilities)
	most := math.Inf(-1)
	for c, nodes := range l.nodes {
		for _, n := range nodes {
			probabilities[c] += float64(scores[n])
		}
		most = max(most, probabilities[c])
	}
	sum := 0.0
	for c := range probabilities {
		probabilities[c] = math.Exp(probabilities[c] - most)
		sum += probabilities[c]
	}
	gradient := l.slopes
	clear(gradient)
	accepted, places := 0.0, make([]int, len(e.codes))
	for k, code := range e.codes {
		places[k], _ = slices.BinarySearch(l.codes, code)
		accepted += probabilities[places[k]] / sum
	}
	move := func(c int, by float64) {
		for _, n := range l.nodes[c] {
			gradient[n] += float32(by * e.weight)
		}
	}
	for c := range probabilities {
		if p := probabilities[c] / sum; p > 1e-3 {
			move(c, p)
		}
	}
	for k, c := range places {
		share := (1 - l.first) * probabilities[c] / sum / max(accepted, 1e-9)
		if k == 0 {
			share += l.first
		}
		move(c, -share)
	}
	if e.person >= 0 {
		p := 1 / (1 + math.Exp(-float64(scores[l.outputs-1])))
		weight := e.weight
		if e.person > 0.5 {
			weight *= l.careful
		}
		gradient[l.outputs-1] = float32((p - e.person) * weight)
	}
	return gradient
}

// model adds up what codes share and drops the rest.
func (l *learner) model() *classify.Model {
	flat := make(map[uint32][]float32, len(l.index))
	for f, i := range l.index {
		row := l.weights[i*l.outputs : (i+1)*l.outputs]
		list := make([]float32, len(l.codes)+1)
		for c, nodes := range l.nodes {
			for _, n := range nodes {
				list[c] += row[n]
			}
		}
		// What lifts all codes alike changes nothing between them.
		mean := float32(0)
		for _, w := range list[:len(l.codes)] {
			mean += w / float32(len(l.codes))
		}
		for c := range l.codes {
			list[c] -= mean
		}
		list[len(l.codes)] = row[l.outputs-1]
		if l.letter[f] {
			for o := range list {
				list[o] *= float32(l.letters)
			}
		}
		flat[f] = list
	}
	return classify.NewModel(l.codes, flat)
}
