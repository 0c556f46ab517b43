// SPDX-License-Identifier: Apache-2.0

// Reads an SNP report or a TDX quote with Google's parsers, which judge nothing here, and prints what they find by the names
// of Keyclave's facts: parse_report sev-snp|tdx FILE.
package main

import (
	"encoding/hex"
	"fmt"
	"os"

	snp "github.com/google/go-sev-guest/abi"
	tdx "github.com/google/go-tdx-guest/abi"
	tdxproto "github.com/google/go-tdx-guest/proto/tdx"
)

func text(name string, value []byte) { fmt.Printf("%s %s\n", name, hex.EncodeToString(value)) }

func number(name string, value uint64) { fmt.Printf("%s %d\n", name, value) }

func report(data []byte) error {
	r, err := snp.ReportToProto(data)
	if err != nil {
		return err
	}
	policy, err := snp.ParseSnpPolicy(r.Policy)
	if err != nil {
		return err
	}
	number("version", uint64(r.Version))
	number("guest-svn", uint64(r.GuestSvn))
	number("vmpl", uint64(r.Vmpl))
	fmt.Printf("debug %v\n", policy.Debug)
	fmt.Printf("migratable %v\n", policy.MigrateMA)
	text("measurement", r.Measurement)
	text("report-data", r.ReportData)
	text("host-data", r.HostData)
	text("chip-id", r.ChipId)
	return nil
}

func quote(data []byte) error {
	any, err := tdx.QuoteToProto(data)
	if err != nil {
		return err
	}
	q, ok := any.(*tdxproto.QuoteV4)
	if !ok {
		return fmt.Errorf("%T is no quote of version 4", any)
	}
	b := q.TdQuoteBody
	number("version", uint64(q.Header.Version))
	text("mrtd", b.MrTd)
	for i, rtmr := range b.Rtmrs {
		text(fmt.Sprintf("rtmr%d", i), rtmr)
	}
	text("report-data", b.ReportData)
	text("td-attributes", b.TdAttributes)
	text("xfam", b.Xfam)
	text("tee-tcb-svn", b.TeeTcbSvn)
	text("mrseam", b.MrSeam)
	text("mrsignerseam", b.MrSignerSeam)
	text("mrconfigid", b.MrConfigId)
	text("mrowner", b.MrOwner)
	text("mrownerconfig", b.MrOwnerConfig)
	return nil
}

func main() {
	if len(os.Args) != 3 {
		os.Exit(2)
	}
	data, err := os.ReadFile(os.Args[2])
	if err == nil && os.Args[1] == "tdx" {
		err = quote(data)
	} else if err == nil {
		err = report(data)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
