/** Runs `clean` when the function that is returned is called, or else when the process exits, by a signal too (`runCommand`). */
export function atEnd(clean: () => void): () => void {
  process.once("exit", clean);
  return () => {
    process.removeListener("exit", clean);
    clean();
  };
}
