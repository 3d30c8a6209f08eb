package main

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// What a chunk is, of those that open an association (RFC 9260, 3.2).
const (
	chunkInit    = 1
	chunkInitAck = 2
	chunkAbort   = 6
)

const (
	headerLength  = 12 // ports, verification tag, checksum
	chunkHeader   = 4  // type, flags, length
	initLength    = 16 // tag, window, streams out and in, first sequence number
	cookieType    = 7
	cookieContent = "open"
	window        = 1 << 16
)

var errNotOurs = errors.New("no packet of an association that is being opened")

// packet is an SCTP packet of one chunk.
type packet struct {
	from, to uint16
	// The tag by which the receiver knows the association; 0 in INIT.
	verification uint32
	kind         byte
	// The tag that the sender wants to see; nothing in ABORT.
	tag uint32
}

func (p packet) encode() []byte {
	bytes := make([]byte, headerLength, 64)
	binary.BigEndian.PutUint16(bytes[0:], p.from)
	binary.BigEndian.PutUint16(bytes[2:], p.to)
	binary.BigEndian.PutUint32(bytes[4:], p.verification)
	bytes = append(bytes, p.chunk()...)
	// The checksum is the only field that is not in the network's order.
	binary.LittleEndian.PutUint32(bytes[8:], checksum(bytes))
	return bytes
}

func (p packet) chunk() []byte {
	var body []byte
	if p.kind != chunkAbort {
		body = binary.BigEndian.AppendUint32(body, p.tag)
		body = binary.BigEndian.AppendUint32(body, window)
		body = binary.BigEndian.AppendUint16(body, 1)
		body = binary.BigEndian.AppendUint16(body, 1)
		body = binary.BigEndian.AppendUint32(body, p.tag)
	}
	if p.kind == chunkInitAck {
		body = binary.BigEndian.AppendUint16(body, cookieType)
		body = binary.BigEndian.AppendUint16(body, uint16(chunkHeader+len(cookieContent)))
		body = append(body, cookieContent...)
	}
	chunk := []byte{p.kind, 0}
	chunk = binary.BigEndian.AppendUint16(chunk, uint16(chunkHeader+len(body)))
	return append(chunk, body...)
}

// decode reads the header and the first chunk; where the checksum is wrong, nothing.
func decode(bytes []byte) (packet, error) {
	if len(bytes) < headerLength+chunkHeader {
		return packet{}, errNotOurs
	}
	if binary.LittleEndian.Uint32(bytes[8:]) != checksum(bytes) {
		return packet{}, errNotOurs
	}
	read := packet{
		from:         binary.BigEndian.Uint16(bytes[0:]),
		to:           binary.BigEndian.Uint16(bytes[2:]),
		verification: binary.BigEndian.Uint32(bytes[4:]),
		kind:         bytes[headerLength],
	}
	switch read.kind {
	case chunkInit, chunkInitAck:
		if len(bytes) < headerLength+chunkHeader+initLength {
			return packet{}, errNotOurs
		}
		read.tag = binary.BigEndian.Uint32(bytes[headerLength+chunkHeader:])
		return read, nil
	case chunkAbort:
		return read, nil
	}
	return packet{}, errNotOurs
}

// checksum is CRC32c of the packet with zeroes where the checksum is.
func checksum(bytes []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, bytes[:8])
	sum = crc32.Update(sum, table, []byte{0, 0, 0, 0})
	return crc32.Update(sum, table, bytes[headerLength:])
}
