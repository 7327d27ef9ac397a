package web

// fieldBulkActions are what can be done with ticked fields.
var fieldBulkActions []bulkAction
