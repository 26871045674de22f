package warehouse

import (
	"cmp"
	"fmt"
	"slices"
)

// Prove makes a proof for each receipt, those that fail first, but for those
// whose rows another slice's snapshot displaced: they have nothing left to prove.
// Count tells what is found of the loads of one table, by load; a load that it
// does not name has nothing there.
func Prove(receipts []Earlier, count func(table string) (map[string]Proof, error)) ([]Proof, error) {
	found := map[string]map[string]Proof{}
	proofs := make([]Proof, 0, len(receipts))
	for _, r := range receipts {
		if r.DisplacedBy != "" {
			continue
		}
		if found[r.Table] == nil {
			counted, err := count(r.Table)
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", r.Table, err)
			}
			found[r.Table] = counted
		}
		p := found[r.Table][r.ID]
		p.Receipt = r.Receipt
		proofs = append(proofs, p)
	}
	rank := func(p Proof) int {
		if p.OK() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(proofs, func(a, b Proof) int { return cmp.Compare(rank(a), rank(b)) })
	return proofs, nil
}
