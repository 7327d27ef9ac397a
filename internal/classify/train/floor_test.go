package main

// Floors of TestHeldOut. They are measured with fewer looks at each column than the weights that are shipped, to be quick.
const (
	quickEpochs     = 5
	acceptableFloor = 0.60
	macroFloor      = 0.70
	hiddenCeiling   = 0.04
	noneCeiling     = 0.05
)
