# Completion of contigbench(1) for bash, made by `contigbench help --completion bash`. The functions at the end of it, with
# the options of every command, come from the program's own table of help.
# shellcheck shell=bash

# What the program knows of a kind, one a line. Asked with what stands in front of the command, for plugins bring backends.
_contigbench_words()
{
	"${call[@]}" help --words "$1" 2>/dev/null
}

_contigbench_files() # SUFFIX
{
	compopt -o filenames 2>/dev/null
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
		compgen -f -X "${1:+!*$1}" -- "$cur"
		[[ -z $1 ]] || compgen -d -- "$cur"
	)
}

_contigbench_choose() # WORDS, blanks or line ends between them
{
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# A backend: a name, or NAME+KNOB=VALUE+...; in A..B and in lists $cur is only what is behind the last of the others.
_contigbench_backend()
{
	local front=
	if [[ $cur == *..* ]]; then
		front=${cur%..*}.. cur=${cur##*..}
	fi
	if [[ $cur == *+* ]]; then
		front+=${cur%+*}+ cur=${cur##*+}
		if [[ $cur == *=* ]]; then
			_contigbench_choose "$(_contigbench_words knob)"
		else
			_contigbench_choose "$(_contigbench_words knob | sed 's/=.*/=/' | uniq)"
			compopt -o nospace 2>/dev/null
		fi
	else
		_contigbench_choose "$(_contigbench_words backend)"
	fi
	COMPREPLY=("${COMPREPLY[@]/#/$front}")
}

# Fill COMPREPLY with what $cur may become, if it is of this kind: see values of bench/help/help.h.
_contigbench_fill() # KIND
{
	local kind=$1 front=
	if [[ $kind == ,* ]]; then
		kind=${kind#,}
		[[ $cur != *,* ]] || front=${cur%,*}, cur=${cur##*,}
	fi
	case $kind in
	'') ;;
	file) _contigbench_files '' ;;
	file:*) _contigbench_files "${kind#file:}" ;;
	dir)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	command) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
	subcommand) _contigbench_choose "$(_contigbench_commands)" ;;
	backend) _contigbench_backend ;;
	workload | scenario)
		_contigbench_choose "$(_contigbench_words "$kind")"
		_contigbench_files "$([[ $kind == workload ]] && echo .ctr || echo .scn)"
		;;
	geometry | kernel) _contigbench_choose "$(_contigbench_words "$kind")" ;;
	*) _contigbench_choose "${kind//|/ }" ;;
	esac
	COMPREPLY=("${COMPREPLY[@]/#/$front}")
}

# The words up to the cursor, put together where bash has cut them at = and :, which it does as COMP_WORDBREAKS says.
_contigbench_join()
{
	local i word glue=
	words=("${COMP_WORDS[0]}")
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == [=:]* && ${#words[@]} -gt 1 ]]; then
			words[-1]+=$word
			glue=1
		elif [[ $glue ]]; then
			words[-1]+=$word
			glue=
		else
			words+=("$word")
		fi
	done
}

# What is in front of the word under the cursor: command, operands, and the kind of what an option in front of it wants.
_contigbench_look()
{
	local i word
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		kind=
		if [[ $word == -- && $command ]]; then
			options=
		elif [[ $word == -* && $options ]]; then
			[[ $command ]] || call+=("$word")
			if kind=$(_contigbench_argument "${command:-contigbench}" "$word") && [[ $kind != =* ]]; then
				if ((++i == ${#words[@]} - 1)); then
					wanted=1
					return
				fi
				[[ $command ]] || call+=("${words[i]}")
			fi
		elif [[ ! $command ]]; then
			command=$word
		else
			operands+=("$word")
			# what follows a command of the shell is its own
			[[ $(_contigbench_operands "$command") != command* ]] || options=
		fi
	done
}

_contigbench_operand()
{
	local -a rows
	local row
	mapfile -t rows < <(_contigbench_operands "$command")
	((${#rows[@]})) || return
	if [[ ${rows[0]} == =* ]]; then # actions: =ACTION KIND
		for row in "${rows[@]}"; do
			if ((!${#operands[@]})); then
				_contigbench_choose "$(cut -c2- <<<"${row%% *}")"
			elif [[ ${row%% *} == "=${operands[0]}" ]]; then
				_contigbench_fill "${row#* }"
			fi
		done
	elif [[ ${rows[0]} == command && ${#operands[@]} -gt 0 ]]; then
		_contigbench_files ''
	elif ((${#operands[@]} < ${#rows[@]})); then
		_contigbench_fill "${rows[${#operands[@]}]}"
	else
		_contigbench_fill "${rows[-1]}"
	fi
}

_contigbench()
{
	local IFS=$' \t\n' command='' options=1 kind='' wanted='' cur whole cut name
	local -a words operands=() call=("${COMP_WORDS[0]/#\~/$HOME}")
	COMPREPLY=()
	_contigbench_join
	cur=${words[-1]}
	if [[ $cur == [\"\']* ]]; then
		cur=${cur:1} cut=
	else
		cur=${cur//\\/} cut='=:'
	fi
	whole=$cur
	_contigbench_look
	if [[ $wanted ]]; then
		_contigbench_fill "$kind"
	elif [[ $options && $cur == --*=* ]]; then
		name=${cur%%=*} cur=${cur#*=}
		if kind=$(_contigbench_argument "${command:-contigbench}" "$name"); then
			_contigbench_fill "${kind#=}"
			COMPREPLY=("${COMPREPLY[@]/#/$name=}")
		fi
	elif [[ $options && $cur == -* ]]; then
		_contigbench_choose "$(_contigbench_options "${command:-contigbench}")"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
	elif [[ $command ]]; then
		_contigbench_operand
	else
		_contigbench_choose "$(_contigbench_commands)"
	fi
	# bash replaces only what is behind the last = or : of the word
	name=$whole
	while [[ $name && $cut == *"${name: -1}"* && $COMP_WORDBREAKS != *"${name: -1}"* || $name && $cut != *"${name: -1}"* ]]; do
		name=${name%?}
	done
	[[ -z $cut || -z $name ]] || COMPREPLY=("${COMPREPLY[@]#"$name"}")
}
