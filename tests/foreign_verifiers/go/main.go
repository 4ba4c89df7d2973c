// The program verifies logs of c2sp.org/tlog-tiles with the Go libraries of the formats' own authors, and nothing of ours.
//
//	verifier logs VKEY [WITNESS_VKEY]   < lines of: prefix, a tab, the file of an earlier checkpoint or nothing
//	verifier receipt VKEY RECEIPT ENTRY
//
// It prints a line for each log, `ok SIZE` or `refused REASON`, and ends with 1 where one was refused.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if len(os.Args) < 3 {
		stop("verifier logs|receipt VKEY ...")
	}
	key, err := note.NewVerifier(os.Args[2])
	if err != nil {
		stop(err.Error())
	}
	switch {
	case os.Args[1] == "logs" && len(os.Args) <= 4:
		var witness note.Verifier
		if len(os.Args) == 4 {
			if witness, err = fnote.NewVerifierForCosignatureV1(os.Args[3]); err != nil {
				stop(err.Error())
			}
		}
		verifyLogs(key, witness)
	case os.Args[1] == "receipt" && len(os.Args) == 5:
		size, err := verifyReceipt(key, os.Args[3], os.Args[4])
		if say(size, err) {
			os.Exit(1)
		}
	default:
		stop("verifier logs|receipt VKEY ...")
	}
}

func verifyLogs(key, witness note.Verifier) {
	refused := false
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		prefix, earlier, _ := strings.Cut(lines.Text(), "\t")
		size, err := verifyLog(key, witness, prefix, earlier)
		refused = say(size, err) || refused
	}
	if err := lines.Err(); err != nil {
		stop(err.Error())
	}
	if refused {
		os.Exit(1)
	}
}

func say(size uint64, err error) (refused bool) {
	if err != nil {
		fmt.Println("refused", strings.ReplaceAll(err.Error(), "\n", " "))
		return true
	}
	fmt.Println("ok", size)
	return false
}

func stop(reason string) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(2)
}
