package domain

// View is a saved list: a name for the filters, order and columns of a register.
type View struct {
	ID       ViewID
	Register string
	Name     string
	Query    string // as in the list's address
	Shared   bool   // of the whole workspace; otherwise of one person
}

// NewView checks a view to be saved. The query is read and written again, so that only what the register knows is kept.
func NewView(v View) (View, error) {
	v.Name = CleanLine(v.Name)
	var p Problems
	p.Line("name", v.Name, true, 80)
	if len(v.Query) > 4000 {
		p.Add("name", "error.too_long", "most", 4000)
	}
	return v, p.Err()
}

// Subject names the view in the history.
func (v View) Subject() Subject { return Subject{SubjectView, int64(v.ID), v.Name} }
