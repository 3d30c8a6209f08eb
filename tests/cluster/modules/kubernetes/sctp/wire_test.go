package main

import (
	"encoding/hex"
	"testing"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, kind := range []byte{chunkInit, chunkInitAck, chunkAbort} {
		written := packet{from: 4711, to: 9003, verification: 7, kind: kind}
		if kind != chunkAbort {
			written.tag = 0x52460001
		}
		read, err := decode(written.encode())
		if err != nil || read != written {
			t.Errorf("kind %d: %+v became %+v, %v", kind, written, read, err)
		}
	}
}

// The octets are those of RFC 9260, 3.3.7, the sum CRC32c of them.
func TestAnAbortIsAsTheStandardHasIt(t *testing.T) {
	bytes := packet{from: 1, to: 2, verification: 3, kind: chunkAbort}.encode()
	header, chunk := hex.EncodeToString(bytes[:8]), hex.EncodeToString(bytes[12:])
	if header != "0001000200000003" || chunk != "06000004" {
		t.Errorf("header %s, chunk %s", header, chunk)
	}
}

func TestACutOrChangedPacketIsRefused(t *testing.T) {
	whole := packet{from: 1, to: 2, kind: chunkInit, tag: 9}.encode()
	for length := range whole {
		if _, err := decode(whole[:length]); err == nil {
			t.Errorf("%d of %d octets are read", length, len(whole))
		}
	}
	for index := range whole {
		changed := append([]byte(nil), whole...)
		changed[index] ^= 1
		if _, err := decode(changed); err == nil {
			t.Errorf("octet %d is changed, and nobody sees it", index)
		}
	}
}
