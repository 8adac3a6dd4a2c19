// Writes a flattened device tree (Devicetree Specification, flattened devicetree format).
#include "tree.h"

#include <endian.h>
#include <string.h>

#include "vm.h"

enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, END = 9 };

static void bytes(struct tree *tree, const void *value, size_t length) {
  if (tree->length + length + 4 > sizeof tree->structure) fail("the device tree is full");
  memcpy(tree->structure + tree->length, value, length);
  tree->length += length;
  while (tree->length % 4 != 0) tree->structure[tree->length++] = 0;
}

static void word(struct tree *tree, uint32_t value) {
  value = htobe32(value);
  bytes(tree, &value, 4);
}

/// Offset of a property's name in the strings, which have each name once.
static uint32_t name_offset(struct tree *tree, const char *name) {
  for (size_t at = 0; at < tree->strings_length; at += strlen(tree->strings + at) + 1)
    if (strcmp(tree->strings + at, name) == 0) return at;
  size_t at = tree->strings_length, length = strlen(name) + 1;
  if (at + length > sizeof tree->strings) fail("the device tree's names are full");
  memcpy(tree->strings + at, name, length);
  tree->strings_length += length;
  return at;
}

void tree_node(struct tree *tree, const char *name) {
  word(tree, BEGIN_NODE);
  bytes(tree, name, strlen(name) + 1);
}

void tree_end(struct tree *tree) {
  word(tree, END_NODE);
}

void tree_property(struct tree *tree, const char *name, const void *value, size_t length) {
  word(tree, PROPERTY);
  word(tree, length);
  word(tree, name_offset(tree, name));
  bytes(tree, value, length);
}

void tree_text(struct tree *tree, const char *name, const char *text) {
  tree_property(tree, name, text, strlen(text) + 1);
}

void tree_cells(struct tree *tree, const char *name, int count, const uint32_t *cells) {
  uint32_t values[64];
  if (count > 64) fail("%s has %d cells", name, count);
  for (int n = 0; n < count; n++) values[n] = htobe32(cells[n]);
  tree_property(tree, name, values, count * 4);
}

size_t tree_finish(struct tree *tree, uint64_t reserved, uint64_t reserved_size, void *output, size_t limit) {
  word(tree, END);
  const uint32_t header_bytes = 40, reservations = 32;
  uint32_t structure = header_bytes + reservations, strings = structure + tree->length;
  uint32_t total = strings + tree->strings_length;
  if (total > limit) fail("the device tree has no room");
  uint32_t header[10] = {0xd00dfeed, total, structure, strings, header_bytes, 17, 16, 0, tree->strings_length, tree->length};
  for (int n = 0; n < 10; n++) header[n] = htobe32(header[n]);
  uint64_t reservation[2] = {htobe64(reserved), htobe64(reserved_size)};
  memset(output, 0, structure);
  memcpy((uint8_t *)output + header_bytes, reservation, sizeof reservation);
  memcpy(output, header, sizeof header);
  memcpy((uint8_t *)output + structure, tree->structure, tree->length);
  memcpy((uint8_t *)output + strings, tree->strings, tree->strings_length);
  return total;
}
