// Runs a script in a page that a browser has open, and prints what it returns:
// node in_page.mjs FILE PAGE SCRIPT
// FILE is the browser's DevToolsActivePort. PAGE is the address of the page.

import { readFileSync } from "node:fs";

const [file, page, script] = process.argv.slice(2);
const [port] = readFileSync(file, "utf8").split("\n");

let opened;
while (!opened) {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  opened = targets.find((target) => target.type === "page" && target.url === page);
}
const socket = new WebSocket(opened.webSocketDebuggerUrl);
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = reject;
});
const evaluate = (expression) => new Promise((resolve) => {
  socket.onmessage = ({ data }) => resolve(JSON.parse(data).result);
  const params = { expression, awaitPromise: true, returnByValue: true };
  socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
});
const isLoaded = `location.href === ${JSON.stringify(page)} && document.readyState === "complete"`;
while (!(await evaluate(isLoaded)).result.value);
const { result, exceptionDetails } = await evaluate(`(async () => { ${script} })()`);
console.log(exceptionDetails?.exception.description ?? result.value);
process.exit();
