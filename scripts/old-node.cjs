/**
 * Loaded before every command: a Node that is too old would stumble over the words of the other scripts before
 * they could say so. Written for Nodes as old as 6.
 */
const version = process.versions.node;
if (Number(version.split('.')[0]) < 20) {
  console.error(`\nDoorstep could not go on: this is Node ${version}.`);
  console.error('Install Node 20 or newer, then try again. Doorstep brings the Node that it runs on itself.');
  process.exit(1);
}
