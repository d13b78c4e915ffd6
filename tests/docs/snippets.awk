# Makes a C program, the file `program`, of the C snippets of a document, and of what the document says that they print the file
# `expected`. The snippets of a section are one function, in their order; one that defines a function itself, its brace in column 0,
# stands before it. A comment behind // is a line that is printed. Exit code 1: a section prints nothing.
function finish()
{
    if (body != "") {
        titles[++sections] = title
        printf "%sstatic void section_%d(void)\n{\n%s}\n\n", functions, sections, body >program
        printf "== %s\n%s", title, printed >expected
        if (printed == "") { print FILENAME ": this section prints nothing: " title >"/dev/stderr"; bad = 1 }
    }
    functions = body = printed = ""
}

BEGIN { print "#include \"snippet.h\"\n" >program }
!inside && /^##+ / { finish(); title = $0; sub(/^#+ /, "", title); next }
/^```/ && inside {
    if (inside == "c" && defines) functions = functions block "\n"
    if (inside == "c" && !defines) body = body block
    inside = ""
    next
}
/^```/ {
    inside = $0 == "```c" ? "c" : "other"
    block = "#line " FNR + 1 " \"" page "\"\n"
    defines = 0
    next
}
inside == "c" {
    block = block $0 "\n"
    if ($0 == "{") defines = 1
    if (match($0, /(^|  )\/\/ /)) printed = printed substr($0, RSTART + RLENGTH) "\n"
}
END {
    finish()
    print "const struct section sections[] = {" >program
    for (i = 1; i <= sections; i++) {
        gsub(/[\\"]/, "\\\\&", titles[i])
        printf "    { \"%s\", section_%d },\n", titles[i], i >program
    }
    print "    { NULL, NULL },\n};" >program
    exit bad || sections == 0
}
