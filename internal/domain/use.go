package domain

// Use is one kind of thing that refers to a record, and how many do: why it cannot be archived or removed.
type Use struct {
	Register string // register that lists them
	Filter   string // filter of that register, set to the record's id, that shows just them
	With     string // further filters of it, as in an address, so that the list shows as many as N says
	N        int64
}

// Option is one choice of a form: an id and its name.
type Option struct {
	ID    int64
	Name  string
	Group string // heading under which it is offered; empty for none
}
