/** An input or output as Azure DevOps names it: `id-token-file` is `idTokenFile` (platform-plugins.md section 8.1). */
export function azureName(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
