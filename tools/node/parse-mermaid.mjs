// Reads diagrams from standard input, as a JSON list of strings, and gives for each what Mermaid's own parser makes of it:
// its kind and title, or the error. Mermaid wants a document, which jsdom plays.
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html>');
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import('mermaid');

let input = '';
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const diagram of JSON.parse(input)) {
  try {
    await mermaid.parse(diagram); // registers the kinds
    const { type, db } = await mermaid.mermaidAPI.getDiagramFromText(diagram);
    answers.push({ kind: type, title: db.getDiagramTitle() });
  } catch (error) {
    answers.push({ error: String(error.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
