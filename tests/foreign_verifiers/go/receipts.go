package main

import (
	"os"

	fproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// verifyReceipt verifies a file of c2sp.org/tlog-proof, which formats/proof reads, for the entry in another file.
func verifyReceipt(key note.Verifier, receipt, entry string) (uint64, error) {
	content, err := os.ReadFile(receipt)
	if err != nil {
		return 0, err
	}
	leaf, err := os.ReadFile(entry)
	if err != nil {
		return 0, err
	}
	var read fproof.TLogProof
	if err := read.Unmarshal(content); err != nil {
		return 0, err
	}
	checkpoint, err := opened(read.Checkpoint, key, nil)
	if err != nil {
		return 0, err
	}
	path := make([][]byte, len(read.Hashes))
	for at := range read.Hashes {
		path[at] = read.Hashes[at][:]
	}
	hasher := rfc6962.DefaultHasher
	err = proof.VerifyInclusion(hasher, read.Index, checkpoint.Size, hasher.HashLeaf(leaf), path, checkpoint.Hash)
	return checkpoint.Size, err
}
