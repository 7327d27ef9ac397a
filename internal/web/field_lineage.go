package web

import (
	"strconv"
	"unicode/utf8"

	"utile/internal/domain"
)

// lineage is the drawing of where a field comes from and where it goes: three columns of boxes, the field in the middle.
type lineage struct {
	width, height int
	nodes         []lineageNode
	edges         []lineageEdge
}

type lineageNode struct {
	x, y     int
	at       string // the same as the drawing has it
	name     string
	note     string
	href     string
	self     bool
	idle     bool // leads to nothing that counts
	fullName string
}

type lineageEdge struct {
	path string
	idle bool
}

const (
	nodeWidth, nodeHeight = 200, 44 // as the template draws them
	nodeStep              = 58
	lineageWidth          = 880
	lineageMost           = 6 // boxes of a column; the table has them all
)

func (p fieldPage) lineage() lineage {
	var before, after []lineageNode
	for _, c := range p.v.Points {
		before = append(before, lineageNode{name: c.Name, note: p.t("column.collection_point"), href: workspacePath(p.by, "collection-points", itoa(c.ID))})
	}
	for _, w := range p.v.Flows {
		n := lineageNode{name: otherEnd(w), note: flowHow(p.ctx, w), href: workspacePath(p.by, "flows", itoa(w.ID))}
		if n.note == "" {
			n.note = w.Name
		}
		if w.FieldID != nil {
			n.href = fieldPath(p.by, *w.FieldID)
		}
		if w.Incoming {
			before = append(before, n)
		} else {
			after = append(after, n)
		}
	}
	for _, l := range p.v.Links {
		facts := domain.ProgramFacts{Status: l.Status, StartsOn: l.StartsOn, EndsOn: l.EndsOn, PausedOn: l.PausedOn}
		after = append(after, lineageNode{name: l.Name, note: p.t("column.program") + " · " + enumWord(p.ctx, "level", l.Level),
			href: workspacePath(p.by, "programs", itoa(l.Program)), idle: l.Level == string(domain.LinkAvoid) || !facts.Counts(p.now, p.thresholds)})
	}
	self := lineageNode{name: p.v.Field.Label, note: p.v.Place.Dataset + "." + p.v.Field.Name, self: true}
	if self.name == "" {
		self.name, self.note = p.v.Field.Name, p.v.Place.Application+" › "+p.v.Place.Dataset
	}
	return drawLineage(p.shortened(before), self, p.shortened(after))
}

// shortened keeps the first boxes of a column and says how many others there are.
func (p fieldPage) shortened(nodes []lineageNode) []lineageNode {
	if len(nodes) <= lineageMost {
		return nodes
	}
	rest := len(nodes) - lineageMost + 1
	return append(nodes[:lineageMost-1:lineageMost-1], lineageNode{name: p.t("field.lineage.more", "n", rest), note: p.t("field.lineage.table"), href: "#flows"})
}

// drawLineage places the boxes: each column centred on the height of the longest, a curve from box to box.
func drawLineage(before []lineageNode, self lineageNode, after []lineageNode) lineage {
	if len(before)+len(after) == 0 {
		return lineage{}
	}
	rows := max(len(before), len(after), 1)
	l := lineage{width: lineageWidth, height: rows*nodeStep + 8}
	self.x, self.y = (lineageWidth-nodeWidth)/2, (l.height-nodeHeight)/2
	column := func(nodes []lineageNode, x int) []lineageNode {
		top := (l.height - (len(nodes)-1)*nodeStep - nodeHeight) / 2
		for i := range nodes {
			nodes[i].x, nodes[i].y = x, top+i*nodeStep
		}
		return nodes
	}
	before, after = column(before, 4), column(after, lineageWidth-nodeWidth-4)
	for _, n := range before {
		l.edges = append(l.edges, lineageEdge{path: curve(n.x+nodeWidth, n.y, self.x-8, self.y), idle: n.idle})
	}
	for _, n := range after {
		l.edges = append(l.edges, lineageEdge{path: curve(self.x+nodeWidth, self.y, n.x-8, n.y), idle: n.idle})
	}
	l.nodes = append(append(append(l.nodes, before...), self), after...)
	for i := range l.nodes {
		n := &l.nodes[i]
		n.at, n.fullName = "translate("+strconv.Itoa(n.x)+" "+strconv.Itoa(n.y)+")", n.name
		n.name, n.note = cut(n.name, 28), cut(n.note, 32)
	}
	return l
}

// curve leads from the middle of one box's side to the middle of another's.
func curve(x1, y1, x2, y2 int) string {
	y1, y2 = y1+nodeHeight/2, y2+nodeHeight/2
	mid := (x1 + x2) / 2
	path := make([]byte, 0, 48)
	for i, n := range [...]int{x1, y1, mid, y1, mid, y2, x2, y2} {
		path = strconv.AppendInt(append(path, "M C     "[i]), int64(n), 10)
	}
	return string(path)
}

// cut shortens a text that a box cannot hold; the whole of it is in the title.
func cut(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

func (l lineage) viewBox() string {
	return "0 0 " + strconv.Itoa(l.width) + " " + strconv.Itoa(l.height)
}
