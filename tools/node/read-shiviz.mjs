// Reads a log from standard input as ShiViz does: the first two lines are regular expressions of JavaScript, of an event
// and of what separates executions; an execution is known by its label, so that the last of several with one label hides
// the others. It refuses what ShiViz refuses: a clock that is no object of counts from 1 or does not name its own host, a
// host whose events are not numbered one by one, and a clock that counts an event that is not in the log. Prints the
// events of each execution by label, with the places of the events that come before each.

let log = '';
for await (const chunk of process.stdin) log += chunk;
const [first, second] = log.split('\n', 2);
const text = log.slice(first.length + second.length + 2).trim();
const unnamed = (source) => source.replace(/\(\?<\w+?>/g, '(?:');
const pieces = text.split(new RegExp(unnamed(second), 'gm'));
const labels = ['', ...[...text.matchAll(new RegExp(second, 'gm'))].map((m) => m.groups.trace)];

function execution(piece) {
  const events = [];
  for (const { groups } of piece.matchAll(new RegExp(first, 'gm'))) {
    const clock = JSON.parse(groups.clock);
    for (const [host, n] of Object.entries(clock)) {
      if (!Number.isInteger(n) || n < 1) throw new Error(`clock of ${groups.event}: ${host} is ${n}`);
    }
    if (!(groups.host in clock)) throw new Error(`clock of ${groups.event}: without its own host ${groups.host}`);
    events.push({ host: groups.host, event: groups.event, clock });
  }
  const numbers = new Map();
  for (const e of events) numbers.set(e.host, [...(numbers.get(e.host) ?? []), e]);
  for (const [host, own] of numbers) {
    own.forEach((e, i) => {
      if (e.clock[host] !== i + 1) throw new Error(`event ${i + 1} of ${host} has the number ${e.clock[host]}`);
    });
  }
  return events.map((e) => {
    for (const [host, n] of Object.entries(e.clock)) {
      if (n > (numbers.get(host)?.length ?? 0)) throw new Error(`${e.event} counts ${n} events of ${host}`);
    }
    const before = events.flatMap((x, i) => (x !== e && x.clock[x.host] <= (e.clock[x.host] ?? 0) ? [i] : []));
    return { host: e.host, event: e.event, before };
  });
}

const executions = {};
pieces.forEach((piece, i) => {
  if (piece.trim() === '') return;
  executions[labels[i]] = execution(piece);
  if (executions[labels[i]].length === 0) throw new Error(`no events in ${labels[i]}`);
});
process.stdout.write(JSON.stringify(executions));
