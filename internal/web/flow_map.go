package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// flowMapNodes is how many nodes a map shows: more are read by nobody.
const flowMapNodes = 60

// flowBox is a node of a drawing.
type flowBox struct {
	x, y        string
	href        string
	text, sub   string
	title       string // whole name, read aloud and shown on hover
	me          bool
	textX       string
	textY, subY string
}

// flowArrow is a line of a drawing, with a point where it arrives.
type flowArrow struct {
	path, head     string
	label          string
	labelX, labelY string
	dashed         bool
}

// flowDrawing is an SVG ready to be written.
type flowDrawing struct {
	width, height string
	boxes         []flowBox
	arrows        []flowArrow
	label         string // what it shows, read aloud
}

func px(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// shortened is a name cut to what fits a box.
func shortened(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}

// smooth is a line through points that leaves and arrives level.
func smooth(points []domain.FlowPoint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", px(points[0].X), px(points[0].Y))
	for i := 1; i < len(points); i++ {
		a, z := points[i-1], points[i]
		bend := (z.X - a.X) / 2
		fmt.Fprintf(&b, "C%s %s %s %s %s %s", px(a.X+bend), px(a.Y), px(z.X-bend), px(z.Y), px(z.X), px(z.Y))
	}
	return b.String()
}

// arrowHead is the point of an arrow that arrives at p, from the left or (back) from the right.
func arrowHead(p domain.FlowPoint, back bool) string {
	w := -8.0
	if back {
		w = 8
	}
	return fmt.Sprintf("M%s %sl%s -4v8z", px(p.X), px(p.Y), px(w))
}

func boxView(p domain.FlowPoint, href, text, sub string) flowBox {
	b := flowBox{x: px(p.X), y: px(p.Y), href: href, text: shortened(text, 24), sub: shortened(sub, 30), title: text, textX: px(p.X + 12),
		textY: px(p.Y + 20), subY: px(p.Y + 36)}
	if sub == "" {
		b.textY = px(p.Y + 28)
	}
	return b
}

// drawFlow draws one flow: where it starts and where it arrives.
func drawFlow(ctx context.Context, by domain.Actor, f domain.Flow, fields int) flowDrawing {
	const gap = 220.0
	source, target := domain.FlowPoint{X: 12, Y: 12}, domain.FlowPoint{X: 12 + domain.FlowNodeWidth + gap, Y: 12}
	middle := source.Y + domain.FlowNodeHeight/2
	points := []domain.FlowPoint{{X: source.X + domain.FlowNodeWidth, Y: middle}, {X: target.X, Y: middle}}
	d := flowDrawing{width: px(target.X + domain.FlowNodeWidth + 12), height: px(domain.FlowNodeHeight + 24),
		label: i18n.T(ctx, "flow.drawing", "source", f.Source.Name(), "target", f.Target.Name())}
	for i, end := range []domain.FlowEnd{f.Source, f.Target} {
		d.boxes = append(d.boxes, boxView([]domain.FlowPoint{source, target}[i], flowEndPath(by, end), end.ApplicationName, end.DatasetName))
	}
	words := []string{enumWord(ctx, "flow.mechanism", f.Mechanism), enumWord(ctx, "flow.frequency", f.Frequency)}
	if words[0] == "" && words[1] == "" {
		words = []string{i18n.T(ctx, "fields.count", "n", fields)}
	}
	label := strings.Trim(strings.Join(words, " · "), " ·")
	d.arrows = []flowArrow{{path: smooth(points), head: arrowHead(points[1], false), label: shortened(label, 34),
		labelX: px((points[0].X + points[1].X) / 2), labelY: px(middle - 8), dashed: f.Encrypted == "no"}}
	return d
}

// flowMapRow is an edge of the map as a line of its table.
type flowMapRow struct {
	from, to         string
	fromHref, toHref string
	flows            []ui.Link
	more             string
	clear            bool // one of its flows is not encrypted
}

type flowMapView struct {
	shell        ui.Shell
	crumbs       []ui.Link
	title        string
	count        string
	drawing      flowDrawing
	rows         []flowMapRow
	note         string
	applications []ui.Option
	chosen       string
	action       string
	list         string
}

// flowMapFlows is how many flows a line of the map's table names.
const flowMapFlows = 6

func (s *Server) showFlowMap(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	var flows []domain.Flow
	kinds := map[domain.ApplicationID]string{}
	err := s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if flows, err = st.Flows(ctx, by); err != nil {
			return err
		}
		kinds, err = st.ApplicationKinds(ctx, by)
		return err
	})
	if err != nil {
		return err
	}

	whole := domain.FlowGraphOf(flows, kinds)
	v := flowMapView{title: i18n.T(ctx, "flow.map"), action: workspacePath(by, "flows", "map"), list: workspacePath(by, "flows"),
		crumbs: []ui.Link{{Href: workspacePath(by, "flows"), Text: i18n.T(ctx, "flows.title")}, {Text: i18n.T(ctx, "flow.map")}}}
	for _, n := range whole.Nodes {
		v.applications = append(v.applications, ui.Option{Value: itoa(n.ID), Text: n.Name})
	}
	m := flowMap{ctx: ctx, by: by, flows: map[domain.FlowID]domain.Flow{}}
	for _, f := range flows {
		m.flows[f.ID] = f
	}
	application, kind, byKind := queryID(r, "application"), r.URL.Query().Get("kind"), r.URL.Query().Has("kind")
	switch {
	case application != 0:
		m.graph = whole.Around(func(n domain.FlowNode) bool { return n.ID == application })
		m.me, v.chosen = application, itoa(application)
	case byKind:
		m.graph = whole.Around(func(n domain.FlowNode) bool { return n.Group == kind })
		v.note = i18n.T(ctx, "flow.map.kind", "kind", kindWord(ctx, kind))
	case len(whole.Nodes) > flowMapNodes:
		m.graph, m.grouped = whole.Grouped(), true
		v.note = i18n.T(ctx, "flow.map.grouped", "n", len(whole.Nodes))
	default:
		m.graph = whole
	}
	if shown := m.graph.Busiest(flowMapNodes); len(shown.Nodes) < len(m.graph.Nodes) {
		v.note = i18n.T(ctx, "flow.map.busiest", "shown", flowMapNodes, "n", len(m.graph.Nodes))
		m.graph = shown
	}
	v.count = i18n.T(ctx, "applications.count", "n", len(whole.Nodes))
	v.drawing, v.rows = m.draw(), m.rows()
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.ok(w, r, flowMapPage(v))
}

func kindWord(ctx context.Context, kind string) string {
	if kind == "" {
		return i18n.T(ctx, "flow.map.no_kind")
	}
	return enumWord(ctx, "application.kind", kind)
}

// flowMap writes a graph for a reader.
type flowMap struct {
	ctx     context.Context
	by      domain.Actor
	graph   domain.FlowGraph
	flows   map[domain.FlowID]domain.Flow
	grouped bool  // nodes are kinds of applications
	me      int64 // node that the map is about; zero for none
}

func (m flowMap) name(n domain.FlowNode) string {
	if m.grouped {
		return kindWord(m.ctx, n.Name)
	}
	return n.Name
}

func (m flowMap) href(n domain.FlowNode) string {
	if m.grouped {
		return addQuery(workspacePath(m.by, "flows", "map"), "kind="+url.QueryEscape(n.Group))
	}
	return applicationPath(m.by, domain.ApplicationID(n.ID))
}

func (m flowMap) label(e domain.FlowEdge) string {
	if len(e.Flows) > 1 {
		return i18n.T(m.ctx, "flows.count", "n", len(e.Flows))
	}
	f := m.flows[e.Flows[0]]
	if word := enumWord(m.ctx, "flow.mechanism", f.Mechanism); word != "" {
		return word
	}
	return f.Name
}

func (m flowMap) clear(e domain.FlowEdge) bool {
	for _, id := range e.Flows {
		if m.flows[id].Encrypted == "no" {
			return true
		}
	}
	return false
}

func (m flowMap) draw() flowDrawing {
	l := m.graph.Layout()
	d := flowDrawing{width: px(l.Width), height: px(l.Height), label: i18n.T(m.ctx, "flow.map.label")}
	for _, b := range l.Boxes {
		sub := ""
		if !m.grouped {
			sub = enumWord(m.ctx, "application.kind", b.Node.Group)
		}
		box := boxView(b.FlowPoint, m.href(b.Node), m.name(b.Node), sub)
		box.me = b.Node.ID == m.me
		d.boxes = append(d.boxes, box)
	}
	for _, line := range l.Lines {
		d.arrows = append(d.arrows, flowArrow{path: smooth(line.Points), head: arrowHead(line.Points[len(line.Points)-1], line.Back),
			label: shortened(m.label(line.Edge), 18), labelX: px(line.Label.X), labelY: px(line.Label.Y - 5), dashed: m.clear(line.Edge)})
	}
	return d
}

func (m flowMap) rows() []flowMapRow {
	nodes := map[int64]domain.FlowNode{}
	for _, n := range m.graph.Nodes {
		nodes[n.ID] = n
	}
	var rows []flowMapRow
	for _, e := range m.graph.Edges {
		row := flowMapRow{from: m.name(nodes[e.From]), to: m.name(nodes[e.To]), fromHref: m.href(nodes[e.From]), toHref: m.href(nodes[e.To]), clear: m.clear(e)}
		for i, id := range e.Flows {
			if i == flowMapFlows {
				row.more = i18n.T(m.ctx, "filter.more", "n", len(e.Flows)-i)
				break
			}
			row.flows = append(row.flows, ui.Link{Href: flowPath(m.by, id), Text: m.flows[id].Name})
		}
		rows = append(rows, row)
	}
	return rows
}

func queryID(r *http.Request, name string) int64 {
	id, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
