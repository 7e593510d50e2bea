package explorer

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// The page is built from the folder web and committed, so that building the command requires only Go.
//
//go:embed dist
var dist embed.FS

// page serves the files of the web page.
func page() http.Handler {
	files := make(map[string][]byte)
	tags := make(map[string]string)
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := dist.ReadFile(name)
		name = strings.TrimPrefix(name, "dist")
		sum := sha256.Sum256(data)
		files[name], tags[name] = data, `"`+hex.EncodeToString(sum[:8])+`"`
		return err
	})
	if err != nil {
		panic("explorer: " + err.Error()) // The files are embedded in the program.
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path
		if name == "/" {
			name = "/index.html"
		}
		data, ok := files[name]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte("no such page\n"))
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Content-Type", mediaType(name))
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tags[name])
		if r.Header.Get("If-None-Match") == tags[name] {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(data)
	})
}

// mediaType returns the media type of a file, independent of the machine's configuration.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
