// Root's command, with another program in the place of this one for the owner: as if the owner had taken that process over.
const [program, entry, path, uid, ...words] = process.argv.slice(2);
process.argv[1] = program;
const { runForOwner } = await import(entry);
await runForOwner(words, { path, uid: Number(uid) });
