package cli

import (
	"bytes"
	"fmt"
	"io"

	"synod/internal/outfile"
	"synod/trace"
)

// writeTraces writes traces, and reports on stderr what it omitted. Without any trace it writes nothing, in any
// format.
func writeTraces(f *outfile.File, format trace.Format, d trace.Document, stderr io.Writer) error {
	if len(d.Traces) == 0 {
		f.Untouched(stderr, "Nothing was found")
		return nil
	}
	var b bytes.Buffer
	if err := format.Write(&b, d); err != nil {
		return err
	}
	if first, _ := d.Primary(); format.Single && len(d.Traces) > 1 {
		fmt.Fprintf(stderr, "%s shows %q, one of %d discoveries: a .json, .html or .md file holds all.\n",
			f.Given, first.Property, len(d.Traces))
	}
	return f.Replace(b.Bytes())
}
