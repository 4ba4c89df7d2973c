package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// verifyLog verifies what is served below a prefix now: signatures, that it goes on from an earlier checkpoint (a file, or
// none), every tile and every entry.
func verifyLog(key, witness note.Verifier, prefix, earlier string) (uint64, error) {
	root, err := url.Parse(prefix)
	if err != nil {
		return 0, err
	}
	served, err := client.NewHTTPFetcher(root, &http.Client{})
	if err != nil {
		return 0, err
	}
	ctx := context.Background()
	content, err := served.ReadCheckpoint(ctx)
	if err != nil {
		return 0, err
	}
	now, err := opened(content, key, witness)
	if err != nil {
		return 0, err
	}
	if earlier != "" {
		if err := goesOn(ctx, served, key, earlier, now); err != nil {
			return 0, err
		}
	}
	return now.Size, verifyEntries(ctx, served, now)
}

// opened reads a checkpoint with formats/log; the signatures are golang.org/x/mod/sumdb/note's.
func opened(content []byte, key, witness note.Verifier) (*log.Checkpoint, error) {
	if witness == nil {
		found, _, _, err := log.ParseCheckpoint(content, key.Name(), key)
		return found, err
	}
	found, _, signed, err := log.ParseCheckpoint(content, key.Name(), key, witness)
	if err == nil && len(signed.Sigs) != 2 {
		return nil, errors.New("the checkpoint is not cosigned")
	}
	return found, err
}

// goesOn makes a consistency proof of what is served, with tessera, and verifies it with merkle.
func goesOn(ctx context.Context, served *client.HTTPFetcher, key note.Verifier, earlier string, now *log.Checkpoint) error {
	content, err := os.ReadFile(earlier)
	if err != nil {
		return err
	}
	before, err := opened(content, key, nil)
	if err != nil {
		return err
	}
	if before.Size > now.Size {
		return fmt.Errorf("the log had %d entries and has %d", before.Size, now.Size)
	}
	var path [][]byte
	if before.Size > 0 && before.Size < now.Size {
		builder, err := client.NewProofBuilder(ctx, now.Size, served.ReadTile)
		if err != nil {
			return err
		}
		if path, err = builder.ConsistencyProof(ctx, before.Size, now.Size); err != nil {
			return err
		}
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, before.Size, now.Size, path, before.Hash, now.Hash)
}

// verifyEntries compares the hash of each entry with the one of its leaf, which sumdb/tlog's TileHashReader authenticates.
func verifyEntries(ctx context.Context, served *client.HTTPFetcher, now *log.Checkpoint) error {
	if now.Size == 0 {
		if !bytes.Equal(now.Hash, rfc6962.DefaultHasher.EmptyRoot()) {
			return errors.New("an empty log has another root")
		}
		return nil
	}
	tree := tlog.Tree{N: int64(now.Size)}
	copy(tree.Hash[:], now.Hash)
	hashes := tlog.TileHashReader(tree, &tiles{ctx: ctx, served: served})
	for first := uint64(0); first < now.Size; first += layout.EntryBundleWidth {
		width := min(layout.EntryBundleWidth, now.Size-first)
		indexes := make([]int64, width)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, int64(first)+int64(at))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		bundle, err := client.GetEntryBundle(ctx, served.ReadEntryBundle, first/layout.EntryBundleWidth, now.Size)
		if err != nil {
			return err
		}
		if uint64(len(bundle.Entries)) != width {
			return fmt.Errorf("entries from %d on: there are %d of %d", first, len(bundle.Entries), width)
		}
		for at, entry := range bundle.Entries {
			if tlog.RecordHash(entry) != leaves[at] {
				return fmt.Errorf("entry %d is not what the tree has", first+uint64(at))
			}
		}
	}
	return nil
}

// tiles serves sumdb/tlog with tiles of tlog-tiles, whose paths differ from its own.
type tiles struct {
	ctx    context.Context
	served *client.HTTPFetcher
}

func (t *tiles) Height() int { return layout.TileHeight }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for at, tile := range wanted {
		content, err := t.served.ReadTile(t.ctx, uint64(tile.L), uint64(tile.N), uint8(tile.W%layout.TileWidth))
		if err != nil {
			return nil, err
		}
		if len(content) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %d/%d has %d bytes", tile.L, tile.N, len(content))
		}
		found[at] = content[:tile.W*tlog.HashSize]
	}
	return found, nil
}
