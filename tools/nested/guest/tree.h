// Writes a flattened device tree (Devicetree Specification, flattened devicetree format).
#ifndef TREE_H
#define TREE_H
#include <stddef.h>
#include <stdint.h>

struct tree {
  uint8_t structure[0x8000];
  size_t length;
  char strings[0x2000];
  size_t strings_length;
};

void tree_node(struct tree *tree, const char *name);
void tree_end(struct tree *tree);
void tree_property(struct tree *tree, const char *name, const void *value, size_t length);
void tree_text(struct tree *tree, const char *name, const char *text);
/// 32-bit cells.
void tree_cells(struct tree *tree, const char *name, int count, const uint32_t *cells);
#define CELLS(tree, name, ...) \
  tree_cells(tree, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})
/// Writes header, one reservation of memory, structure and strings to `output`; gives the length of all.
size_t tree_finish(struct tree *tree, uint64_t reserved, uint64_t reserved_size, void *output, size_t limit);
#endif
