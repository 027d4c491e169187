// Package layers holds the order of the module's packages by its tests: which may import which, and which modules of
// others are in the program. CONTRIBUTING.md draws the floors; rooms in floors_test.go is where a new package is entered.
package layers
