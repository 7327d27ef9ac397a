package web_test

import "strconv"

func itoa[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
