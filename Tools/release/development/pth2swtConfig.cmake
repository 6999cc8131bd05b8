# find_package(pth2swt) defines pth2swt::pth: the library of pth.h.
get_filename_component(_pth2swt_lib "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
find_library(PTH2SWT_PTH_LIBRARY pth2swt_pth PATHS "${_pth2swt_lib}" NO_DEFAULT_PATH)
find_path(PTH2SWT_PTH_INCLUDE_DIR pth.h
  PATHS "${_pth2swt_lib}/../include" "${_pth2swt_lib}/../../include" NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(pth2swt
  REQUIRED_VARS PTH2SWT_PTH_LIBRARY PTH2SWT_PTH_INCLUDE_DIR)
if(pth2swt_FOUND AND NOT TARGET pth2swt::pth)
  add_library(pth2swt::pth SHARED IMPORTED)
  set_target_properties(pth2swt::pth PROPERTIES
    IMPORTED_LOCATION "${PTH2SWT_PTH_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${PTH2SWT_PTH_INCLUDE_DIR}")
endif()
