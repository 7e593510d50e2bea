package explorer

import (
	"bytes"
	"errors"
	"net/http"
)

// timeline serves the visualization of what an observer remembers at the end of a path.
func (s *Server) timeline(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		return s.inTurn(r, func() (any, error) { return nil, t.timeline(w, q, p) })
	})
}

func (t *tables) timeline(w http.ResponseWriter, q Query, p *place) error {
	for slot, id := range p.state {
		if q.Property != "" && q.Property != t.space.SlotName(slot) {
			continue
		}
		var page bytes.Buffer
		shown, err := t.space.Visualize(&page, slot, id)
		if err != nil {
			return err
		}
		if shown {
			h := w.Header()
			h.Set("Content-Security-Policy", framePolicy)
			h.Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(fitted(page.Bytes(), q.Theme))
			return nil
		}
	}
	return notFound("no_timeline", errors.New("this model has no client history that could be visualized"))
}

// fitted adapts a visualization to the page: its colours, and the names of clients beside their rows, which porcupine
// shows only over an operation. A page that is not from porcupine gets only the colours.
func fitted(page []byte, theme string) []byte {
	style := fitStyle
	if theme == themeDark {
		style += fitDark
	}
	page = bytes.Replace(page, []byte("</head>"), []byte("<style>"+style+"</style></head>"), 1)
	return bytes.Replace(page, []byte("</body>"), []byte("<script>"+fitScript+"</script></body>"), 1)
}

// themeDark is the theme of a dark page.
const themeDark = "dark"

const fitStyle = `
html { font-family: system-ui, sans-serif; background: #fffefb; }
body { margin: 0 8px; }
#legend { position: static; padding: 8px 0 0; }
#legend svg { overflow: visible; }
#canvas { position: relative; margin-top: 4px; margin-left: 60px; }
.client-name { position: absolute; left: -60px; width: 76px; height: 30px; line-height: 30px; font-size: 13px; }
`

// fitDark inverts the lightness of all colours and keeps their hues.
const fitDark = `html { background: #fff; filter: invert(0.9) hue-rotate(180deg); }`

// fitScript finds the rows in the drawing of porcupine by the distances that porcupine uses.
const fitScript = `
if (typeof data === 'object' && data.Partitions) {
  const names = new Map()
  for (const p of data.Partitions) for (const e of p.History) names.set(e.ClientId, e.Metadata)
  for (const text of document.querySelectorAll('#canvas text')) {
    if (names.has(Number(text.textContent))) text.remove() // the number of a row
  }
  for (const [row, name] of names) {
    const label = document.createElement('div')
    label.className = 'client-name'
    label.textContent = name
    label.style.top = 10 + 45 * row + 'px'
    document.getElementById('canvas').append(label)
  }
}
`
