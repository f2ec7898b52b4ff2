/* SPDX-License-Identifier: MIT */
/* Run when the compiler is built: prints the runtime's files as C, so that the compiler carries them inside it.
 * `embed runtime/core/lanes.h ... >embedded.c` */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long print_file(const char *path, int number)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    long length = 0;
    printf("static const unsigned char file_%d[] = {", number);
    for (int c; (c = getc(file)) != EOF; length++)
        printf("%s%d,", length % 32 == 0 ? "\n" : "", c);
    printf("0};\n");
    if (ferror(file) || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    return length;
}

int main(int argc, char **argv)
{
    long *lengths = calloc((size_t)argc, sizeof *lengths);
    if (!lengths)
        return 1;
    printf("#include \"compiler/emit/package_parts.h\"\n");
    for (int i = 1; i < argc; i++)
        lengths[i] = print_file(argv[i], i);
    printf("const EmbeddedFile EMBEDDED_FILES[] = {\n");
    for (int i = 1; i < argc; i++)
        printf("    {\"%s\", file_%d, %ld},\n", strncmp(argv[i], "runtime/", 8) == 0 ? argv[i] + 8 : argv[i], i,
               lengths[i]);
    printf("};\nconst size_t EMBEDDED_FILE_COUNT = %d;\n", argc - 1);
    free(lengths);
    return ferror(stdout) != 0;
}
