package store

import (
	"maps"
	"slices"

	"utile/internal/domain"
)

// Registers returns every register, by name.
func Registers() []domain.Register {
	var list []domain.Register
	for _, name := range slices.Sorted(maps.Keys(registers)) {
		list = append(list, registers[name].register)
	}
	return list
}
