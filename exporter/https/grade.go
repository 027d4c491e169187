package https

// extraCredit is the score, all deductions made, from which on extra credit counts.
const extraCredit = 90

// rungs are the grades, best first, with the lowest score of each.
var rungs = []struct {
	from  int
	grade string
}{
	{100, "A+"}, {90, "A"}, {85, "A-"}, {80, "B+"}, {70, "B"}, {65, "B-"}, {60, "C+"}, {50, "C"}, {45, "C-"},
	{40, "D+"}, {30, "D"}, {25, "D-"}, {0, "F"},
}

// Grades lists all grades, best first. The set is closed: it becomes a label.
func Grades() []string {
	all := make([]string, len(rungs))
	for i, r := range rungs {
		all[i] = r.grade
	}
	return all
}

// gradeOf is the grade of a score, which is not negative.
func gradeOf(score int) string {
	for _, r := range rungs {
		if score >= r.from {
			return r.grade
		}
	}
	return "F"
}

// mark adds results up: 100, less all deductions, and more by extra credit if that left 90 or more.
func mark(results []Result) Marks {
	score, extra := 100, 0
	for _, r := range results {
		if m := r.Modifier(); m < 0 {
			score += m
		} else {
			extra += m
		}
	}
	if score >= extraCredit {
		score += extra
	}
	score = max(score, 0)
	return Marks{Score: score, Grade: gradeOf(score), Results: results}
}
