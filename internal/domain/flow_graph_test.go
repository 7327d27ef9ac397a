package domain_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
)

// flowsOf reads "CRM>Mailing" pairs as flows between applications.
func flowsOf(pairs ...[2]string) []domain.Flow {
	ids := map[string]domain.ApplicationID{}
	id := func(name string) domain.FlowEnd {
		if ids[name] == 0 {
			ids[name] = domain.ApplicationID(len(ids) + 1)
		}
		return domain.FlowEnd{Application: ids[name], ApplicationName: name}
	}
	var flows []domain.Flow
	for i, p := range pairs {
		flows = append(flows, domain.Flow{ID: domain.FlowID(i + 1), Source: id(p[0]), Target: id(p[1])})
	}
	return flows
}

func TestFlowGraphGathersFlows(t *testing.T) {
	t.Parallel()
	g := domain.FlowGraphOf(flowsOf([2]string{"shop", "CRM"}, [2]string{"CRM", "mail"}, [2]string{"shop", "CRM"}, [2]string{"CRM", "CRM"}), nil)
	var names []string
	for _, n := range g.Nodes {
		names = append(names, n.Name)
	}
	if diff := cmp.Diff([]string{"CRM", "mail", "shop"}, names); diff != "" {
		t.Error(diff)
	}
	want := []domain.FlowEdge{{From: 2, To: 3, Flows: []domain.FlowID{2}}, {From: 1, To: 2, Flows: []domain.FlowID{1, 3}}}
	if diff := cmp.Diff(want, g.Edges); diff != "" {
		t.Error(diff)
	}
}

// wide is a graph with long edges, circles and many crossings to avoid.
func wide(n int) domain.FlowGraph {
	var pairs [][2]string
	for i := range n {
		name := func(k int) string { return fmt.Sprintf("app %02d", k%n) }
		pairs = append(pairs, [2]string{name(i), name(i*7 + 3)}, [2]string{name(i), name(i + 1)}, [2]string{name(i), name(i*3 + 11)})
	}
	return domain.FlowGraphOf(flowsOf(pairs...), nil)
}

func TestFlowLayoutKeepsApartAndInside(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 5, 17, 60} {
		g := wide(n)
		l := g.Layout()
		if len(l.Boxes) != len(g.Nodes) || len(l.Lines) != len(g.Edges) {
			t.Fatalf("%d nodes: %d boxes, %d lines for %d edges", n, len(l.Boxes), len(l.Lines), len(g.Edges))
		}
		for i, a := range l.Boxes {
			if a.X < 0 || a.Y < 0 || a.X+domain.FlowNodeWidth > l.Width || a.Y+domain.FlowNodeHeight > l.Height {
				t.Errorf("%d nodes: %s is outside: %v in %v×%v", n, a.Node.Name, a.FlowPoint, l.Width, l.Height)
			}
			for _, b := range l.Boxes[i+1:] {
				if a.X == b.X && a.Y < b.Y+domain.FlowNodeHeight && b.Y < a.Y+domain.FlowNodeHeight {
					t.Errorf("%d nodes: %s and %s lie on each other", n, a.Node.Name, b.Node.Name)
				}
			}
		}
		if diff := cmp.Diff(l, wide(n).Layout()); diff != "" {
			t.Errorf("%d nodes: the same graph has another layout: %s", n, diff)
		}
	}
}

func TestFlowLayoutLeadsFromLeftToRight(t *testing.T) {
	t.Parallel()
	l := domain.FlowGraphOf(flowsOf([2]string{"shop", "CRM"}, [2]string{"CRM", "mail"}, [2]string{"shop", "mail"}, [2]string{"mail", "shop"}), nil).Layout()
	x := map[string]float64{}
	for _, b := range l.Boxes {
		x[b.Node.Name] = b.X
	}
	if !(x["shop"] < x["CRM"] && x["CRM"] < x["mail"]) {
		t.Errorf("columns at %v", x)
	}
	backs := 0
	for _, line := range l.Lines {
		first, last := line.Points[0], line.Points[len(line.Points)-1]
		if line.Back {
			backs++
		}
		if leftwards := last.X < first.X; leftwards != line.Back {
			t.Errorf("edge %v goes from %v to %v, back %v", line.Edge, first, last, line.Back)
		}
	}
	if backs != 1 {
		t.Errorf("%d edges lead back, want the one that closes the circle", backs)
	}
}

func TestFlowLayoutAvoidsCrossings(t *testing.T) {
	t.Parallel()
	// Named so that the alphabet crosses every line.
	l := domain.FlowGraphOf(flowsOf([2]string{"a", "z"}, [2]string{"b", "y"}, [2]string{"c", "x"}), nil).Layout()
	y := map[string]float64{}
	for _, b := range l.Boxes {
		y[b.Node.Name] = b.Y
	}
	for _, pair := range [][2]string{{"a", "z"}, {"b", "y"}, {"c", "x"}} {
		if y[pair[0]] != y[pair[1]] {
			t.Errorf("%s at %v, %s at %v: the line is not straight", pair[0], y[pair[0]], pair[1], y[pair[1]])
		}
	}
}

func TestFlowGraphNarrows(t *testing.T) {
	t.Parallel()
	flows := flowsOf([2]string{"shop", "CRM"}, [2]string{"CRM", "mail"}, [2]string{"till", "ERP"}, [2]string{"shop", "CRM"})
	groups := map[domain.ApplicationID]string{1: "sales", 2: "crm", 3: "crm", 4: "sales", 5: "erp"}
	g := domain.FlowGraphOf(flows, groups)

	around := g.Around(func(n domain.FlowNode) bool { return n.Name == "mail" })
	if len(around.Nodes) != 2 || len(around.Edges) != 1 {
		t.Errorf("around mail: %v", around)
	}
	busy := g.Busiest(2)
	if len(busy.Nodes) != 2 || busy.Nodes[0].Name != "CRM" || busy.Nodes[1].Name != "shop" || len(busy.Edges) != 1 {
		t.Errorf("busiest: %v", busy)
	}
	grouped := g.Grouped()
	want := domain.FlowGraph{Nodes: []domain.FlowNode{{1, "crm", "crm"}, {2, "erp", "erp"}, {3, "sales", "sales"}},
		Edges: []domain.FlowEdge{{From: 3, To: 1, Flows: []domain.FlowID{1, 4}}, {From: 3, To: 2, Flows: []domain.FlowID{3}}}}
	if diff := cmp.Diff(want, grouped); diff != "" {
		t.Error(diff)
	}
}
