package domain

import (
	"cmp"
	"math"
	"slices"
)

// FlowNode is a thing that flows start from and arrive at, on the map.
type FlowNode struct {
	ID    int64
	Name  string
	Group string // what it is grouped by where there are too many nodes
}

// FlowEdge is every flow from one node to another.
type FlowEdge struct {
	From, To int64
	Flows    []FlowID // in the order given
}

// FlowGraph is what a map shows: nodes, and edges between different ones, at most one each way.
type FlowGraph struct {
	Nodes []FlowNode
	Edges []FlowEdge
}

// FlowGraphOf gathers flows between applications. Only applications that a flow touches are nodes; flows within one
// application are no edge.
func FlowGraphOf(flows []Flow, group map[ApplicationID]string) FlowGraph {
	var g FlowGraph
	nodes := map[ApplicationID]bool{}
	edges := map[[2]int64]int{}
	for _, f := range flows {
		for _, end := range []FlowEnd{f.Source, f.Target} {
			if !nodes[end.Application] {
				nodes[end.Application] = true
				g.Nodes = append(g.Nodes, FlowNode{ID: int64(end.Application), Name: end.ApplicationName, Group: group[end.Application]})
			}
		}
		g.addFlow(edges, int64(f.Source.Application), int64(f.Target.Application), f.ID)
	}
	return g.sorted()
}

func (g *FlowGraph) addFlow(edges map[[2]int64]int, from, to int64, flows ...FlowID) {
	if from == to {
		return
	}
	pair := [2]int64{from, to}
	at, known := edges[pair]
	if !known {
		at = len(g.Edges)
		edges[pair] = at
		g.Edges = append(g.Edges, FlowEdge{From: from, To: to})
	}
	g.Edges[at].Flows = append(g.Edges[at].Flows, flows...)
}

// sorted puts nodes and edges in an order that does not depend on how they were found, so that equal maps look equal.
func (g FlowGraph) sorted() FlowGraph {
	place := map[int64]int{}
	slices.SortFunc(g.Nodes, func(a, b FlowNode) int {
		return cmp.Or(cmp.Compare(Fold(a.Name), Fold(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	for i, n := range g.Nodes {
		place[n.ID] = i
	}
	slices.SortFunc(g.Edges, func(a, b FlowEdge) int {
		return cmp.Or(cmp.Compare(place[a.From], place[b.From]), cmp.Compare(place[a.To], place[b.To]))
	})
	return g
}

// Around keeps the chosen nodes, those that share an edge with one of them, and the edges that touch a chosen one.
func (g FlowGraph) Around(chosen func(FlowNode) bool) FlowGraph {
	in, near := map[int64]bool{}, map[int64]bool{}
	for _, n := range g.Nodes {
		in[n.ID] = chosen(n)
		near[n.ID] = in[n.ID]
	}
	var out FlowGraph
	for _, e := range g.Edges {
		if in[e.From] || in[e.To] {
			near[e.From], near[e.To] = true, true
			out.Edges = append(out.Edges, e)
		}
	}
	for _, n := range g.Nodes {
		if near[n.ID] {
			out.Nodes = append(out.Nodes, n)
		}
	}
	return out
}

// Busiest keeps the nodes with the most flows, at most so many, and the edges between them.
func (g FlowGraph) Busiest(most int) FlowGraph {
	if len(g.Nodes) <= most {
		return g
	}
	flows := map[int64]int{}
	for _, e := range g.Edges {
		flows[e.From] += len(e.Flows)
		flows[e.To] += len(e.Flows)
	}
	nodes := slices.Clone(g.Nodes)
	slices.SortStableFunc(nodes, func(a, b FlowNode) int { return cmp.Compare(flows[b.ID], flows[a.ID]) })
	kept := map[int64]bool{}
	for _, n := range nodes[:most] {
		kept[n.ID] = true
	}
	out := FlowGraph{Nodes: nodes[:most]}
	for _, e := range g.Edges {
		if kept[e.From] && kept[e.To] {
			out.Edges = append(out.Edges, e)
		}
	}
	return out.sorted()
}

// Grouped makes one node of all nodes of a group; flows within a group are no edge. A group's id is its place among the
// groups, from 1, and its name is the group.
func (g FlowGraph) Grouped() FlowGraph {
	var names []string
	for _, n := range g.Nodes {
		names = append(names, n.Group)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var out FlowGraph
	groupOf := map[int64]int64{}
	for i, name := range names {
		out.Nodes = append(out.Nodes, FlowNode{ID: int64(i + 1), Name: name, Group: name})
	}
	for _, n := range g.Nodes {
		at, _ := slices.BinarySearch(names, n.Group)
		groupOf[n.ID] = int64(at + 1)
	}
	edges := map[[2]int64]int{}
	for _, e := range g.Edges {
		out.addFlow(edges, groupOf[e.From], groupOf[e.To], e.Flows...)
	}
	return out.sorted()
}

// Measures of a drawn map, in pixels.
const (
	FlowNodeWidth  = 184.0
	FlowNodeHeight = 46.0
	flowColumnGap  = 128.0 // room for the labels of edges
	flowRowGap     = 22.0
	flowMargin     = 12.0
	flowBackShift  = 10.0 // how far a line back lies under the way there
)

// FlowPoint is a place in a drawing, in pixels from its top left corner.
type FlowPoint struct{ X, Y float64 }

// FlowBox is a node laid out: the corner at its top left.
type FlowBox struct {
	Node FlowNode
	FlowPoint
}

// FlowLine is an edge laid out: the points that a smooth line goes through, from where it leaves to where it arrives.
type FlowLine struct {
	Edge   FlowEdge
	Points []FlowPoint
	Label  FlowPoint // centre of its label
	Back   bool      // it leads against the reading direction, because the flows go round in a circle
}

// FlowLayout is a map ready to be drawn.
type FlowLayout struct {
	Width, Height float64
	Boxes         []FlowBox
	Lines         []FlowLine
}

// flowSpot is a vertex of the drawing under construction: a node, or a bend of an edge that passes a column.
type flowSpot struct {
	node  int // index of the node; -1 for a bend of a long edge
	layer int
	y     float64
	next  []int // vertices in the next layer
	prev  []int
}

// flowDraft holds a layout under construction.
type flowDraft struct {
	spots  []flowSpot
	layers [][]int // vertices by layer, from the top
	chains [][]int // vertices of every edge, from the left
	back   []bool
}

// Layout places the nodes in columns so that flows lead from left to right where they can, and orders every column so
// that lines cross little. Equal graphs have equal layouts.
func (g FlowGraph) Layout() FlowLayout {
	if len(g.Nodes) == 0 {
		return FlowLayout{}
	}
	d := g.draft()
	d.order()
	d.place()
	return d.drawn(g)
}

// draft assigns layers and threads long edges through the layers between.
func (g FlowGraph) draft() *flowDraft {
	place := map[int64]int{}
	for i, n := range g.Nodes {
		place[n.ID] = i
	}
	back := g.backward(place)
	layer := g.layer(place, back)
	d := &flowDraft{back: back}
	for i := range g.Nodes {
		d.add(flowSpot{node: i, layer: layer[i]})
	}
	for i, e := range g.Edges {
		from, to := place[e.From], place[e.To]
		if back[i] {
			from, to = to, from
		}
		chain := []int{from}
		for l := layer[from] + 1; l < layer[to]; l++ {
			chain = append(chain, d.add(flowSpot{node: -1, layer: l}))
		}
		chain = append(chain, to)
		for j := 1; j < len(chain); j++ {
			d.spots[chain[j-1]].next = append(d.spots[chain[j-1]].next, chain[j])
			d.spots[chain[j]].prev = append(d.spots[chain[j]].prev, chain[j-1])
		}
		d.chains = append(d.chains, chain)
	}
	return d
}

func (d *flowDraft) add(s flowSpot) int {
	for len(d.layers) <= s.layer {
		d.layers = append(d.layers, nil)
	}
	d.spots = append(d.spots, s)
	v := len(d.spots) - 1
	d.layers[s.layer] = append(d.layers[s.layer], v)
	return v
}

// backward marks the edges that close a circle, found by walking from the nodes that give most and receive least.
func (g FlowGraph) backward(place map[int64]int) []bool {
	out := make([][]int, len(g.Nodes))
	balance := make([]int, len(g.Nodes))
	for i, e := range g.Edges {
		out[place[e.From]] = append(out[place[e.From]], i)
		balance[place[e.From]]++
		balance[place[e.To]]--
	}
	starts := make([]int, len(g.Nodes))
	for i := range starts {
		starts[i] = i
	}
	slices.SortStableFunc(starts, func(a, b int) int { return cmp.Compare(balance[b], balance[a]) })
	back := make([]bool, len(g.Edges))
	state := make([]int, len(g.Nodes)) // 0 not seen, 1 on the way, 2 done
	var walk func(v int)
	walk = func(v int) {
		state[v] = 1
		for _, e := range out[v] {
			switch to := place[g.Edges[e].To]; state[to] {
			case 0:
				walk(to)
			case 1:
				back[e] = true
			}
		}
		state[v] = 2
	}
	for _, v := range starts {
		if state[v] == 0 {
			walk(v)
		}
	}
	return back
}

// layer gives every node the length of the longest way to it; a node that only gives stands right before the first that
// receives from it.
func (g FlowGraph) layer(place map[int64]int, back []bool) []int {
	layer := make([]int, len(g.Nodes))
	received := make([]bool, len(g.Nodes))
	ends := func(i int) (from, to int) {
		from, to = place[g.Edges[i].From], place[g.Edges[i].To]
		if back[i] {
			from, to = to, from
		}
		return from, to
	}
	for range g.Nodes { // a way is never longer than there are nodes
		moved := false
		for i := range g.Edges {
			from, to := ends(i)
			received[to] = true
			if layer[to] < layer[from]+1 {
				layer[to], moved = layer[from]+1, true
			}
		}
		if !moved {
			break
		}
	}
	nearest := make([]int, len(g.Nodes))
	for i := range nearest {
		nearest[i] = math.MaxInt
	}
	for i := range g.Edges {
		from, to := ends(i)
		nearest[from] = min(nearest[from], layer[to])
	}
	for i := range layer {
		if !received[i] && nearest[i] != math.MaxInt {
			layer[i] = nearest[i] - 1
		}
	}
	return layer
}

// order sorts the vertices of every layer by where their neighbours are, again and again, and keeps the order in which
// the fewest lines cross.
func (d *flowDraft) order() {
	best, fewest := d.snapshot(), d.crossings()
	for sweep := 0; sweep < 12 && fewest > 0; sweep++ {
		d.sweep(sweep%2 == 0)
		if n := d.crossings(); n < fewest {
			best, fewest = d.snapshot(), n
		}
	}
	d.layers = best
}

func (d *flowDraft) snapshot() [][]int {
	out := make([][]int, len(d.layers))
	for i, l := range d.layers {
		out[i] = slices.Clone(l)
	}
	return out
}

func (d *flowDraft) sweep(right bool) {
	for i := range d.layers {
		l := i
		if !right {
			l = len(d.layers) - 1 - i
		}
		at := d.positions()
		mean := map[int]float64{}
		for _, v := range d.layers[l] {
			near := d.spots[v].prev
			if !right {
				near = d.spots[v].next
			}
			mean[v] = float64(at[v])
			if len(near) > 0 {
				sum := 0
				for _, n := range near {
					sum += at[n]
				}
				mean[v] = float64(sum) / float64(len(near))
			}
		}
		slices.SortStableFunc(d.layers[l], func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
	}
}

// positions are the places of vertices in their layers.
func (d *flowDraft) positions() []int {
	at := make([]int, len(d.spots))
	for _, l := range d.layers {
		for i, v := range l {
			at[v] = i
		}
	}
	return at
}

// crossings counts the pairs of lines that cross between neighbouring layers.
func (d *flowDraft) crossings() int {
	at, n := d.positions(), 0
	for _, l := range d.layers {
		var ends []int // where lines arrive, in the order in which they leave
		for _, v := range l {
			to := make([]int, len(d.spots[v].next))
			for i, w := range d.spots[v].next {
				to[i] = at[w]
			}
			slices.Sort(to)
			ends = append(ends, to...)
		}
		for i := range ends {
			for j := i + 1; j < len(ends); j++ {
				if ends[i] > ends[j] {
					n++
				}
			}
		}
	}
	return n
}

// place sets how far down every vertex is: near its neighbours, never on another.
func (d *flowDraft) place() {
	for _, l := range d.layers {
		y := 0.0
		for _, v := range l {
			d.spots[v].y = y
			y += d.room(v)
		}
	}
	for pass := range 10 {
		for i := range d.layers {
			l := i
			if pass%2 == 1 {
				l = len(d.layers) - 1 - i
			}
			d.settle(d.layers[l])
		}
	}
	least := math.Inf(1)
	for _, s := range d.spots {
		least = min(least, s.y)
	}
	for i := range d.spots {
		d.spots[i].y += flowMargin - least
	}
}

// room is how much height a vertex takes with the gap under it.
func (d *flowDraft) room(v int) float64 {
	if d.spots[v].node < 0 {
		return flowRowGap * 1.5
	}
	return FlowNodeHeight + flowRowGap
}

// settle moves the vertices of a layer towards their neighbours: once pushed apart from above, once from below, and in
// the middle of the two.
func (d *flowDraft) settle(layer []int) {
	n := len(layer)
	wish := make([]float64, n)
	for i, v := range layer {
		wish[i] = d.wish(v)
	}
	down, up := slices.Clone(wish), slices.Clone(wish)
	for i := 1; i < n; i++ {
		down[i] = max(down[i], down[i-1]+d.room(layer[i-1]))
	}
	for i := n - 2; i >= 0; i-- {
		up[i] = min(up[i], up[i+1]-d.room(layer[i]))
	}
	for i, v := range layer {
		d.spots[v].y = (down[i] + up[i]) / 2
	}
}

func (d *flowDraft) wish(v int) float64 {
	near := append(slices.Clone(d.spots[v].prev), d.spots[v].next...)
	if len(near) == 0 {
		return d.spots[v].y
	}
	sum := 0.0
	for _, n := range near {
		sum += d.middle(n)
	}
	return sum/float64(len(near)) - d.middle(v) + d.spots[v].y
}

// middle is the height at which lines touch a vertex.
func (d *flowDraft) middle(v int) float64 {
	if d.spots[v].node < 0 {
		return d.spots[v].y
	}
	return d.spots[v].y + FlowNodeHeight/2
}

func (d *flowDraft) drawn(g FlowGraph) FlowLayout {
	var out FlowLayout
	x := func(v int) float64 {
		return flowMargin + float64(d.spots[v].layer)*(FlowNodeWidth+flowColumnGap)
	}
	for v, s := range d.spots {
		if s.node >= 0 {
			out.Boxes = append(out.Boxes, FlowBox{g.Nodes[s.node], FlowPoint{x(v), s.y}})
		}
		out.Width = max(out.Width, x(v)+FlowNodeWidth+flowMargin)
		out.Height = max(out.Height, d.middle(v)+FlowNodeHeight/2+flowMargin)
	}
	for i, e := range g.Edges {
		chain := d.chains[i]
		var points []FlowPoint
		for j, v := range chain {
			if j > 0 {
				points = append(points, FlowPoint{x(v), d.middle(v)})
			}
			if j < len(chain)-1 {
				points = append(points, FlowPoint{x(v) + FlowNodeWidth, d.middle(v)})
			}
		}
		line := FlowLine{Edge: e, Points: points, Back: d.back[i]}
		line.Label = FlowPoint{(points[0].X + points[1].X) / 2, (points[0].Y + points[1].Y) / 2}
		if line.Back { // beside the way there, so that both are seen
			for j := range line.Points {
				line.Points[j].Y += flowBackShift
			}
			line.Label.Y += flowBackShift * 2
			slices.Reverse(line.Points)
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}
